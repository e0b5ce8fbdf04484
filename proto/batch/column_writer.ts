/** Writes the columns of a block, as `column_forms.ts` describes. */
import { AssertionError } from "node:assert/strict";
import type { ByteWriter } from "../bytes.ts";
import type { Field, Value } from "../shape.ts";
import { ArrayWriter } from "./array_writer.ts";
import { presenceStates } from "./column.ts";
import { presences } from "./column_forms.ts";
import type { NumberWriter } from "./number_writer.ts";
import { writeTexts } from "./texts.ts";

/** The values of one block's rows, each by place in the shape. */
export type Rows = readonly (readonly Value[])[];

/** Writes blocks column after column, and counts what they decode to: the reader has limits. */
export class ColumnWriter {
  columnCount = 0;
  /** Values in these columns, fillers of rows without a value included. */
  valueCount = 0;
  readonly #out: ByteWriter;
  readonly #numbers: NumberWriter;
  readonly #arrays: ArrayWriter;
  #rows: Rows = [];
  #states = new Uint8Array(0);

  constructor(out: ByteWriter, numbers: NumberWriter) {
    this.#out = out;
    this.#numbers = numbers;
    this.#arrays = new ArrayWriter(out, numbers);
  }

  /** Writes all columns of a block with at least one row. */
  writeAll(rows: Rows, fields: readonly Field[]): void {
    this.#rows = rows;
    this.columnCount += fields.length;
    for (let place = 0; place < fields.length; place++) this.#write(fields[place], place);
  }

  #write(field: Field, place: number): void {
    switch (field.type) {
      case "f64":
        return this.#writeNumbers(place);
      case "i64":
        return this.#writeBigints(place);
      case "f64s":
        return this.#writeArrays(place);
      case "bool":
        return this.#writeBooleans(place);
      case "str":
      case "json":
        return this.#writeTexts(place);
      case "null":
        return this.#writeHead(0, { place, present: this.#pick(place, isNever).length });
    }
  }

  #writeNumbers(place: number): void {
    const rows = this.#rows;
    const numbers = this.#numbers;
    numbers.reserve(rows.length);
    const target = numbers.values;
    let present = 0;
    // As picking does, but without a list on the way: nearly all columns are of numbers.
    for (let i = 0; i < rows.length; i++) {
      const value = rows[i][place];
      if (typeof value === "number") target[present++] = value;
      else if (value !== undefined && value !== null) throw wrongType(place);
    }
    numbers.count = present;
    const head = present === 0 ? 0 : numbers.plan();
    this.#writeHead(head, { place, present });
    if (present > 0) numbers.write(this.#out, head);
  }

  #writeBigints(place: number): void {
    const values = this.#pick(place, isBigint);
    this.#numbers.reserve(values.length);
    values.forEach((value, i) => this.#numbers.bigints[i] = value);
    const head = values.length === 0 ? 0 : this.#numbers.planBigints();
    this.#writeHead(head, { place, present: values.length });
    if (values.length > 0) this.#numbers.write(this.#out, head);
  }

  #writeArrays(place: number): void {
    const values = this.#pick(place, isArray);
    this.#writeHead(0, { place, present: values.length });
    if (values.length > 0) this.valueCount += this.#arrays.write(values);
  }

  #writeBooleans(place: number): void {
    const values = this.#pick(place, isBoolean);
    this.#writeHead(0, { place, present: values.length });
    for (let at = 0; at < values.length; at += 8) {
      let bits = 0;
      for (let i = at; i < at + 8 && i < values.length; i++) bits |= Number(values[i]) << (i - at);
      this.#out.u8(bits);
    }
  }

  #writeTexts(place: number): void {
    const values = this.#pick(place, isText);
    this.#writeHead(0, { place, present: values.length });
    if (values.length > 0) writeTexts(values, { out: this.#out, numbers: this.#numbers });
  }

  /** Writes the head byte with the column's presence in it, and the rows' states when they differ. */
  #writeHead(head: number, { place, present }: { place: number; present: number }): void {
    const rows = this.#rows;
    if (present > 0) this.valueCount += rows.length;
    if (present === rows.length) return this.#out.u8(head | presences.values);
    this.#takeStates(place);
    const states = this.#states;
    const first = states[0];
    let alike = 1;
    while (alike < rows.length && states[alike] === first) alike++;
    if (alike === rows.length) {
      return this.#out.u8(head | (first === presenceStates.null ? presences.nulls : presences.missing));
    }
    this.#out.u8(head | presences.mixed);
    for (let at = 0; at < rows.length; at += 4) {
      let bits = 0;
      for (let i = at; i < at + 4 && i < rows.length; i++) bits |= states[i] << (2 * (i - at));
      this.#out.u8(bits);
    }
  }

  #takeStates(place: number): void {
    const rows = this.#rows;
    if (this.#states.length < rows.length) this.#states = new Uint8Array(rows.length);
    for (let i = 0; i < rows.length; i++) {
      const value = rows[i][place];
      if (value === undefined) this.#states[i] = presenceStates.missing;
      else this.#states[i] = value === null ? presenceStates.null : presenceStates.value;
    }
  }

  /** The values at a place; those that there are must be of one type. */
  #pick<T extends Value>(place: number, isOfType: (value: Value) => value is T): T[] {
    const rows = this.#rows;
    const values: T[] = [];
    for (let i = 0; i < rows.length; i++) {
      const value = rows[i][place];
      if (isOfType(value)) values.push(value);
      else if (value !== undefined && value !== null) throw wrongType(place);
    }
    return values;
  }
}

function wrongType(place: number): AssertionError {
  return new AssertionError({ message: `value of place ${place} is not of its field's type` });
}

const isArray = (value: Value): value is Float64Array => typeof value === "object" && value !== null;
const isBigint = (value: Value): value is bigint => typeof value === "bigint";
const isBoolean = (value: Value): value is boolean => typeof value === "boolean";
const isText = (value: Value): value is string => typeof value === "string";
const isNever = (_value: Value): _value is never => false;
