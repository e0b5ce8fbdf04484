/** Reads the columns of a block, as `column_forms.ts` describes. Any bytes are safe. */
import type { ByteReader } from "../bytes.ts";
import { arrayLengthMax, batchColumnsMax, batchValuesMax } from "../limits.ts";
import type { Field } from "../shape.ts";
import { type Column, type ColumnValues, presenceStates } from "./column.ts";
import { presenceMask, presences } from "./column_forms.ts";
import { NumberReader } from "./number_reader.ts";
import { readTexts } from "./texts.ts";

/** Reads column after column. `rows` is the block's count of rows. */
export class ColumnReader {
  readonly numbers: NumberReader;
  readonly #reader: ByteReader;
  #columnsLeft = batchColumnsMax;
  #valuesLeft = batchValuesMax;
  #room = new Float64Array(0);
  /** Presence of columns whose rows are all alike, of the last number of rows; shared. */
  #alike: Uint8Array[] = [];

  constructor(reader: ByteReader) {
    this.#reader = reader;
    this.numbers = new NumberReader(reader);
  }

  read(field: Field, rows: number): Column {
    if (--this.#columnsLeft < 0) throw this.#reader.fault(`more than ${batchColumnsMax} columns`);
    const head = this.#reader.u8();
    const presence = this.#readPresence(head & presenceMask, rows);
    const present = this.#countValues(head & presenceMask, presence);
    if (present === 0) return { field, presence, values: undefined };
    this.#spend(rows);
    const packed = this.#readValues(field, head, present);
    return { field, presence, values: present === rows ? packed : spread(packed, presence) };
  }

  #readPresence(presence: number, rows: number): Uint8Array {
    if (presence === presences.mixed) return this.#readStates(rows);
    if (presence === presences.values) return this.#allAlike(presenceStates.value, rows);
    return this.#allAlike(presence === presences.nulls ? presenceStates.null : presenceStates.missing, rows);
  }

  #allAlike(state: number, rows: number): Uint8Array {
    const known = this.#alike[state];
    if (known?.length === rows) return known;
    return this.#alike[state] = new Uint8Array(rows).fill(state);
  }

  #readStates(rows: number): Uint8Array {
    const bits = this.#reader.take(Math.ceil(rows / 4));
    const states = new Uint8Array(rows);
    for (let i = 0; i < rows; i++) {
      const state = (bits[i >> 2] >> (2 * (i & 3))) & 3;
      if (state > presenceStates.value) throw this.#reader.fault("row of unknown presence");
      states[i] = state;
    }
    return states;
  }

  #countValues(presence: number, states: Uint8Array): number {
    if (presence === presences.values) return states.length;
    if (presence !== presences.mixed) return 0;
    let count = 0;
    for (const state of states) if (state === presenceStates.value) count++;
    return count;
  }

  /** Few bytes can stand for many values. */
  #spend(values: number): void {
    this.#valuesLeft -= values;
    if (this.#valuesLeft < 0) throw this.#reader.fault(`more than ${batchValuesMax} values`);
  }

  #readValues(field: Field, head: number, count: number): NonNullable<ColumnValues> {
    switch (field.type) {
      case "f64": {
        const values = new Float64Array(count);
        this.numbers.read(head, values, count);
        return values;
      }
      case "i64":
        return this.numbers.readBigints(head, count);
      case "bool":
        return this.#readBooleans(count);
      case "str":
      case "json":
        return readTexts(this.#reader, count, this.numbers);
      case "f64s":
        return this.#readArrays(count);
      case "null":
        throw this.#reader.fault(`values of field "${field.name}", which has nulls only`);
    }
  }

  #readBooleans(count: number): Uint8Array {
    const bits = this.#reader.take(Math.ceil(count / 8));
    const values = new Uint8Array(count);
    for (let i = 0; i < count; i++) values[i] = (bits[i >> 3] >> (i & 7)) & 1;
    return values;
  }

  #readArrays(count: number): Float64Array[] {
    const form = this.#reader.count(1 + arrayLengthMax, "elements");
    return form === 0 ? this.#readJoined(count) : this.#readTransposed(count, form - 1);
  }

  #readTransposed(count: number, length: number): Float64Array[] {
    this.#spend(count * length);
    const arrays = Array.from({ length: count }, () => new Float64Array(length));
    const room = this.#roomFor(count);
    for (let place = 0; place < length; place++) {
      this.numbers.readAll(room, count);
      for (let i = 0; i < count; i++) arrays[i][place] = room[i];
    }
    return arrays;
  }

  #readJoined(count: number): Float64Array[] {
    const lengths = new Float64Array(count);
    this.numbers.readAll(lengths, count);
    let total = 0;
    for (const length of lengths) {
      if (!Number.isInteger(length) || length < 0 || length > arrayLengthMax) {
        throw this.#reader.fault(`array of ${length} elements, at most ${arrayLengthMax} can be`);
      }
      total += length;
    }
    this.#spend(total);
    const elements = new Float64Array(total);
    if (total > 0) this.numbers.readAll(elements, total);
    let at = 0;
    return Array.from(lengths, (length) => elements.subarray(at, at += length));
  }

  #roomFor(count: number): Float64Array {
    if (this.#room.length < count) this.#room = new Float64Array(Math.max(1024, count));
    return this.#room;
  }
}

/** Puts the values of the rows that have one into their rows; other rows get a filler. */
function spread(packed: NonNullable<ColumnValues>, presence: Uint8Array): NonNullable<ColumnValues> {
  if (packed instanceof Float64Array) return fillRows(packed, presence, new Float64Array(presence.length).fill(NaN));
  if (packed instanceof BigInt64Array) return fillRows(packed, presence, new BigInt64Array(presence.length));
  if (packed instanceof Uint8Array) return fillRows(packed, presence, new Uint8Array(presence.length));
  if (isTexts(packed)) return fillRows(packed, presence, new Array<string>(presence.length).fill(""));
  const none = new Float64Array(0);
  return fillRows(packed, presence, new Array<Float64Array>(presence.length).fill(none));
}

function fillRows<T, Target extends { [row: number]: T }>(
  packed: { readonly [at: number]: T },
  presence: Uint8Array,
  target: Target,
): Target {
  let at = 0;
  for (let row = 0; row < presence.length; row++) {
    if (presence[row] === presenceStates.value) target[row] = packed[at++];
  }
  return target;
}

function isTexts(values: string[] | Float64Array[]): values is string[] {
  return typeof values[0] === "string";
}
