/** Writes the columns of a block, as `column_forms.ts` describes. */
import { fail } from "node:assert/strict";
import type { ByteWriter } from "../bytes.ts";
import type { Field, Value } from "../shape.ts";
import { ArrayWriter } from "./array_writer.ts";
import { presenceStates } from "./column.ts";
import { presenceMask, presences } from "./column_forms.ts";
import type { NumberWriter } from "./number_writer.ts";
import { writeTexts } from "./texts.ts";

/** The values of one block's rows, each by place in the shape. */
export type Rows = readonly (readonly Value[])[];

/** Writes column after column, and counts what they decode to: the reader has limits. */
export class ColumnWriter {
  columnCount = 0;
  /** Values in these columns, fillers of rows without a value included. */
  valueCount = 0;
  readonly #out: ByteWriter;
  readonly #numbers: NumberWriter;
  readonly #arrays: ArrayWriter;
  /** Presence of the rows of a column that has rows without a value. */
  #states = new Uint8Array(0);

  constructor(out: ByteWriter, numbers: NumberWriter) {
    this.#out = out;
    this.#numbers = numbers;
    this.#arrays = new ArrayWriter(out, numbers);
  }

  /** Writes the column of `place`, which has at least one row. */
  write(rows: Rows, field: Field, place: number): void {
    this.columnCount++;
    const isFull = field.type === "f64" && this.#takeNumbers(rows, place);
    const present = isFull ? rows.length : this.#takeStates(rows, place);
    const presence = isFull ? presences.values : this.#presenceOf(rows.length, present);
    if (present > 0) this.valueCount += rows.length;
    if (present === 0) this.#writeHead(presence, rows.length);
    else if (field.type === "f64") {
      if (!isFull) this.#pickNumbers(rows, place, present);
      this.#writeNumbers(presence, rows.length);
    } else if (field.type === "i64") this.#writeBigints(pick(rows, place, isBigint), { presence, rows: rows.length });
    else {
      this.#writeHead(presence, rows.length);
      this.#writeOthers(rows, field, place);
    }
  }

  #writeOthers(rows: Rows, field: Field, place: number): void {
    switch (field.type) {
      case "f64s":
        this.valueCount += this.#arrays.write(pick(rows, place, isArray));
        return;
      case "bool":
        return this.#writeBooleans(pick(rows, place, isBoolean));
      case "str":
      case "json":
        return writeTexts(this.#out, pick(rows, place, isText), this.#numbers);
      default:
        fail(`field "${field.name}" must have nulls only`);
    }
  }

  /** Takes the numbers of a place when every row has one, which is the rule. */
  #takeNumbers(rows: Rows, place: number): boolean {
    this.#numbers.reserve(rows.length);
    const target = this.#numbers.values;
    for (let i = 0; i < rows.length; i++) {
      const value = rows[i][place];
      if (typeof value !== "number") return false;
      target[i] = value;
    }
    return true;
  }

  /** Takes the states of a place, unless all rows have a value; returns how many have one. */
  #takeStates(rows: Rows, place: number): number {
    const count = rows.length;
    let present = 0;
    while (present < count && isPresent(rows[present][place])) present++;
    if (present === count) return count;
    if (this.#states.length < count) this.#states = new Uint8Array(count);
    this.#states.fill(presenceStates.value, 0, present);
    for (let i = present; i < count; i++) {
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

  #pickNumbers(rows: Rows, place: number, present: number): void {
    this.#numbers.reserve(present);
    pick(rows, place, isNumber).forEach((value, i) => this.#numbers.values[i] = value);
  }

  #writeNumbers(presence: number, rows: number): void {
    const head = this.#numbers.plan();
    this.#writeHead(head | presence, rows);
    this.#numbers.write(this.#out, head);
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
}

/** The values at a place, all of which must be of one type. */
function pick<T extends Value>(rows: Rows, place: number, isOfType: (value: Value) => value is T): T[] {
  const values: T[] = [];
  for (let i = 0; i < rows.length; i++) {
    const value = rows[i][place];
    if (isOfType(value)) values.push(value);
    else if (value !== undefined && value !== null) fail(`value of place ${place} must be of its field's type`);
  }
  return values;
}

const isPresent = (value: Value): boolean => value !== undefined && value !== null;
const isNumber = (value: Value): value is number => typeof value === "number";
const isArray = (value: Value): value is Float64Array => value instanceof Float64Array;
const isBoolean = (value: Value): value is boolean => typeof value === "boolean";
const isText = (value: Value): value is string => typeof value === "string";
const isBigint = (value: Value): value is bigint => typeof value === "bigint";
