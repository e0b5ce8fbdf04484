/** Writes columns of arrays of numbers, as `column_forms.ts` describes. */
import type { ByteWriter } from "../bytes.ts";
import type { NumberWriter } from "./number_writer.ts";

/** Fewer arrays than these are written one after another: a head byte per place would cost more than planes gain. */
const transposedRowsMin = 4;

/** Writes the arrays of one column after the other. */
export class ArrayWriter {
  readonly #out: ByteWriter;
  readonly #numbers: NumberWriter;
  /** All elements of the column, array after array. */
  #elements = new Float64Array(1024);

  constructor(out: ByteWriter, numbers: NumberWriter) {
    this.#out = out;
    this.#numbers = numbers;
  }

  /** Writes arrays, at least one; returns how many elements they have together. */
  write(arrays: readonly Float64Array[]): number {
    const length = arrays[0].length;
    let total = 0;
    let areEqual = true;
    for (let i = 0; i < arrays.length; i++) {
      total += arrays[i].length;
      areEqual &&= arrays[i].length === length;
    }
    this.#join(arrays, total);
    if (areEqual && arrays.length >= transposedRowsMin) this.#writeTransposed(arrays.length, length);
    else this.#writeJoined(arrays, total);
    return total;
  }

  #join(arrays: readonly Float64Array[], total: number): void {
    if (this.#elements.length < total) this.#elements = new Float64Array(2 * total);
    const elements = this.#elements;
    let at = 0;
    for (let i = 0; i < arrays.length; i++) {
      const array = arrays[i];
      for (let place = 0; place < array.length; place++) elements[at++] = array[place];
    }
  }

  #writeTransposed(count: number, length: number): void {
    this.#out.varint(1 + length);
    for (let place = 0; place < length; place++) {
      this.#numbers.reserve(count);
      const target = this.#numbers.values;
      for (let i = 0, at = place; i < count; i++, at += length) target[i] = this.#elements[at];
      this.#numbers.writeAll(this.#out);
    }
  }

  #writeJoined(arrays: readonly Float64Array[], total: number): void {
    const numbers = this.#numbers;
    this.#out.varint(0);
    numbers.reserve(arrays.length);
    for (let i = 0; i < arrays.length; i++) numbers.values[i] = arrays[i].length;
    numbers.writeAll(this.#out);
    if (total === 0) return;
    numbers.reserve(total);
    for (let at = 0; at < total; at++) numbers.values[at] = this.#elements[at];
    numbers.writeAll(this.#out);
  }
}
