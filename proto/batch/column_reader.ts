/** Reads the columns of a block, as `column_forms.ts` describes. Any bytes are safe. */
import type { ByteReader } from "../bytes.ts";
import { batchColumnsMax, batchValuesMax } from "../limits.ts";
import type { Field } from "../shape.ts";
import type { Arena } from "./arena.ts";
import { type ArraySources, readArrays } from "./array_reader.ts";
import { type Column, type ColumnValues, presenceStates } from "./column.ts";
import { presenceMask, presences } from "./column_forms.ts";
import { NumberReader } from "./number_reader.ts";
import { readTexts, type TextSources } from "./texts.ts";

/** Reads column after column. `rows` is the block's count of rows. */
export class ColumnReader {
  readonly numbers: NumberReader;
  readonly #reader: ByteReader;
  readonly #arena: Arena;
  #columnsLeft = batchColumnsMax;
  #valuesLeft = batchValuesMax;
  readonly #arrays: ArraySources;
  readonly #texts: TextSources;
  /** Presence of columns whose rows are all alike, of the last number of rows; shared. */
  #alike: Uint8Array[] = [];

  constructor(reader: ByteReader, arena: Arena) {
    this.#reader = reader;
    this.#arena = arena;
    this.numbers = new NumberReader(reader);
    this.#texts = { reader, numbers: this.numbers };
    this.#arrays = { reader, arena, numbers: this.numbers, spend: (values) => this.#spend(values) };
  }

  read(field: Field, rows: number): Column {
    if (--this.#columnsLeft < 0) throw this.#reader.fault(`more than ${batchColumnsMax} columns`);
    const head = this.#reader.u8();
    const presence = this.#readPresence(head & presenceMask, rows);
    const present = this.#countValues(head & presenceMask, presence);
    if (present === 0) return { field, presence, values: undefined };
    this.#spend(rows);
    const packed = this.#readValues(field, head, present);
    return { field, presence, values: present === rows ? packed : spread(packed, presence, this.#arena) };
  }

  #readPresence(presence: number, rows: number): Uint8Array {
    if (presence === presences.mixed) return this.#readStates(rows);
    if (presence === presences.values) return this.#allAlike(presenceStates.value, rows);
    return this.#allAlike(presence === presences.nulls ? presenceStates.null : presenceStates.missing, rows);
  }

  #allAlike(state: number, rows: number): Uint8Array {
    const known = this.#alike[state];
    if (known?.length === rows) return known;
    return this.#alike[state] = this.#arena.bytes(rows).fill(state);
  }

  #readStates(rows: number): Uint8Array {
    const bits = this.#reader.take(Math.ceil(rows / 4));
    const states = this.#arena.bytes(rows);
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
        const values = this.#arena.doubles(count);
        this.numbers.read({ head, into: values, count });
        return values;
      }
      case "i64": {
        const values = this.#arena.bigints(count);
        this.numbers.readBigints(head, values);
        return values;
      }
      case "bool":
        return this.#readBooleans(count);
      case "str":
      case "json":
        return readTexts(count, this.#texts);
      case "f64s":
        return readArrays(this.#arrays, count);
      case "null":
        throw this.#reader.fault(`values of field "${field.name}", which has nulls only`);
    }
  }

  #readBooleans(count: number): Uint8Array {
    const bits = this.#reader.take(Math.ceil(count / 8));
    const values = this.#arena.bytes(count);
    for (let i = 0; i < count; i++) values[i] = (bits[i >> 3] >> (i & 7)) & 1;
    return values;
  }
}

/** Puts the values of the rows that have one into their rows; other rows get a filler. */
function spread(packed: NonNullable<ColumnValues>, presence: Uint8Array, arena: Arena): NonNullable<ColumnValues> {
  const rows = presence.length;
  if (packed instanceof Float64Array) return fillRows(packed, presence, arena.doubles(rows).fill(NaN));
  if (packed instanceof BigInt64Array) return fillRows(packed, presence, arena.bigints(rows));
  if (packed instanceof Uint8Array) return fillRows(packed, presence, arena.bytes(rows));
  if (isTexts(packed)) return fillRows(packed, presence, new Array<string>(rows).fill(""));
  return fillRows(packed, presence, new Array<Float64Array>(rows).fill(arena.doubles(0)));
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
