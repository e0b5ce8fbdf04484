/** Writes the columns of a block, as `column_forms.ts` describes. */
import { ok } from "node:assert/strict";
import type { ByteWriter } from "../bytes.ts";
import type { Field, Value } from "../shape.ts";
import { presenceStates } from "./column.ts";
import { presenceMask, presences } from "./column_forms.ts";
import type { NumberWriter } from "./number_writer.ts";
import { writeTexts } from "./texts.ts";

/** The values of one block's rows, each by place in the shape. */
export type Rows = readonly (readonly Value[])[];

/** Fewer arrays than these are written one after another: a head byte per place would cost more than planes gain. */
const transposedRowsMin = 4;

/** Writes column after column, and counts what they decode to: the reader has limits. */
export class ColumnWriter {
  columnCount = 0;
  /** Values in these columns, fillers of rows without a value included. */
  valueCount = 0;
  readonly #out: ByteWriter;
  readonly #numbers: NumberWriter;
  #states = new Uint8Array(0);

  constructor(out: ByteWriter, numbers: NumberWriter) {
    this.#out = out;
    this.#numbers = numbers;
  }

  /** Writes the column of `place`, which has at least one row. */
  write(rows: Rows, field: Field, place: number): void {
    this.columnCount++;
    const present = this.#readStates(rows, place);
    const presence = this.#presenceOf(rows.length, present);
    if (present === 0) {
      this.#writeHead(presence, rows.length);
      return;
    }
    this.valueCount += rows.length;
    switch (field.type) {
      case "f64":
        return this.#writeNumbers(rows, place, { presence, present });
      case "f64s":
        this.#writeHead(presence, rows.length);
        return this.#writeArrays(pick(rows, place, isArray));
      case "bool":
        this.#writeHead(presence, rows.length);
        return this.#writeBooleans(pick(rows, place, isBoolean));
      case "str":
      case "json":
        this.#writeHead(presence, rows.length);
        return writeTexts(this.#out, pick(rows, place, isText), this.#numbers);
      case "i64":
        return this.#writeBigints(pick(rows, place, isBigint), { presence, rows: rows.length });
      case "null":
        ok(false, `field "${field.name}" has nulls only`);
    }
  }

  #readStates(rows: Rows, place: number): number {
    const count = rows.length;
    if (this.#states.length < count) this.#states = new Uint8Array(count);
    let present = 0;
    for (let i = 0; i < count; i++) {
      const value = rows[i][place];
      if (value === undefined) this.#states[i] = presenceStates.missing;
      else if (value === null) this.#states[i] = presenceStates.null;
      else {
        this.#states[i] = presenceStates.value;
        present++;
      }
    }
    return present;
  }

  #presenceOf(count: number, present: number): number {
    if (present === count) return presences.values;
    const first = this.#states[0];
    for (let i = 1; i < count; i++) if (this.#states[i] !== first) return presences.mixed;
    return first === presenceStates.null ? presences.nulls : presences.missing;
  }

  /** Writes the head byte, and the rows' states when they differ. */
  #writeHead(head: number, count: number): void {
    this.#out.u8(head);
    if ((head & presenceMask) !== presences.mixed) return;
    for (let at = 0; at < count; at += 4) {
      let bits = 0;
      for (let i = at; i < at + 4 && i < count; i++) bits |= this.#states[i] << (2 * (i - at));
      this.#out.u8(bits);
    }
  }

  #writeNumbers(rows: Rows, place: number, { presence, present }: { presence: number; present: number }): void {
    const numbers = this.#numbers;
    numbers.reserve(present);
    const target = numbers.values;
    let at = 0;
    for (let i = 0; i < rows.length; i++) {
      const value = rows[i][place];
      if (typeof value === "number") target[at++] = value;
    }
    ok(at === present, `values of place ${place} are numbers`);
    const head = numbers.plan();
    this.#writeHead(head | presence, rows.length);
    numbers.write(this.#out, head);
  }

  #writeBigints(values: bigint[], { presence, rows }: { presence: number; rows: number }): void {
    this.#numbers.reserve(values.length);
    for (let i = 0; i < values.length; i++) this.#numbers.bigints[i] = values[i];
    const head = this.#numbers.planBigints();
    this.#writeHead(head | presence, rows);
    this.#numbers.write(this.#out, head);
  }

  #writeBooleans(values: boolean[]): void {
    for (let at = 0; at < values.length; at += 8) {
      let bits = 0;
      for (let i = at; i < at + 8 && i < values.length; i++) bits |= Number(values[i]) << (i - at);
      this.#out.u8(bits);
    }
  }

  #writeArrays(arrays: Float64Array[]): void {
    const length = arrays[0].length;
    const areEqual = arrays.every((array) => array.length === length);
    if (areEqual && arrays.length >= transposedRowsMin) this.#writeTransposed(arrays, length);
    else this.#writeJoined(arrays);
  }

  #writeTransposed(arrays: Float64Array[], length: number): void {
    const numbers = this.#numbers;
    this.valueCount += arrays.length * length;
    this.#out.varint(1 + length);
    for (let place = 0; place < length; place++) {
      numbers.reserve(arrays.length);
      const target = numbers.values;
      for (let i = 0; i < arrays.length; i++) target[i] = arrays[i][place];
      numbers.writeAll(this.#out);
    }
  }

  #writeJoined(arrays: Float64Array[]): void {
    const numbers = this.#numbers;
    this.#out.varint(0);
    numbers.reserve(arrays.length);
    arrays.forEach((array, i) => numbers.values[i] = array.length);
    numbers.writeAll(this.#out);
    const total = arrays.reduce((sum, array) => sum + array.length, 0);
    this.valueCount += total;
    if (total === 0) return;
    numbers.reserve(total);
    let at = 0;
    for (const array of arrays) {
      numbers.values.set(array, at);
      at += array.length;
    }
    numbers.writeAll(this.#out);
  }
}

/** The values at a place, all of which must be of one type. */
function pick<T extends Value>(rows: Rows, place: number, isOfType: (value: Value) => value is T): T[] {
  const values: T[] = [];
  for (const row of rows) {
    const value = row[place];
    if (isOfType(value)) values.push(value);
    else ok(value === undefined || value === null, `value of place ${place} is of its field's type`);
  }
  return values;
}

const isArray = (value: Value): value is Float64Array => value instanceof Float64Array;
const isBoolean = (value: Value): value is boolean => typeof value === "boolean";
const isText = (value: Value): value is string => typeof value === "string";
const isBigint = (value: Value): value is bigint => typeof value === "bigint";
