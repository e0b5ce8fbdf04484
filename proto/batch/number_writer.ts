/** Writes columns of doubles in the form that suits them, as `number_forms.ts` lists them. */
import type { ByteWriter } from "../bytes.ts";
import { constantBit, formShift, type NumberForm, numberForms, placesMax } from "./number_forms.ts";
import { printedDouble } from "./printed.ts";
import { wholeMax, WholePlan } from "./wholes.ts";

/**
 * Room for the numbers of one column and for choosing their form, used again and again: {@link reserve}, fill in
 * `values` (or `bigints`), {@link plan}, write the head byte, {@link write}.
 */
export class NumberWriter {
  count = 0;
  values = new Float64Array(0);
  /** The same memory as `values`, as 64-bit integers, bytes and 32-bit words. */
  bigints = new BigInt64Array(0);
  #bytes = new Uint8Array(0);
  #words = new Int32Array(0);
  #floats = new Float32Array(0);
  /** The same memory as the floats. */
  #floatWords = new Int32Array(0);
  /** Numbers of the form `decimals`, times 10^places. */
  #mantissas = new Float64Array(0);
  #places = 0;
  readonly #wholes = new WholePlan();

  /** Makes room for `count` numbers. What was there is lost. */
  reserve(count: number): void {
    this.count = count;
    if (count <= this.values.length) return;
    this.values = new Float64Array(Math.max(1024, count));
    const { buffer, length } = this.values;
    this.bigints = new BigInt64Array(buffer);
    this.#bytes = new Uint8Array(buffer);
    this.#words = new Int32Array(buffer);
    this.#floats = new Float32Array(length);
    this.#floatWords = new Int32Array(this.#floats.buffer);
    this.#mantissas = new Float64Array(length);
  }

  /** Chooses the form of the `values`, at least one; returns their head byte, presence bits 0. */
  plan(): number {
    const isConstant = this.#isConstant();
    const form = this.#chooseForm(isConstant ? 1 : this.count);
    return (form << formShift) | (isConstant ? constantBit : 0);
  }

  /** As {@link plan}, for 64 bits that are no doubles. */
  planBigints(): number {
    return (numberForms.plain << formShift) | (this.#isConstant() ? constantBit : 0);
  }

  /** Writes the numbers as planned, without the head byte. */
  write(out: ByteWriter, head: number): void {
    const count = head & constantBit ? 1 : this.count;
    const form = (head & ~constantBit) >> formShift;
    if (form === numberForms.decimals) out.u8(this.#places);
    if (form === numberForms.wholes || form === numberForms.decimals) this.#wholes.write(out);
    else if (form === numberForms.plain) writeDoubles(out, this.#bytes, count);
    else writeFloats(out, this.#floatWords, count);
  }

  /** Head byte and numbers, where there is no presence. */
  writeAll(out: ByteWriter): void {
    const head = this.plan();
    out.u8(head);
    this.write(out, head);
  }

  #isConstant(): boolean {
    const words = this.#words;
    const low = words[0];
    const high = words[1];
    const end = 2 * this.count;
    for (let at = 2; at < end; at += 2) {
      if (words[at] !== low || words[at + 1] !== high) return false;
    }
    return end > 2;
  }

  /** Also leaves what {@link write} needs. */
  #chooseForm(count: number): NumberForm {
    const { areWhole, areFloats } = kindsOf(this.values, count);
    const wholes = this.#wholes;
    if (areWhole && wholes.make(this.values, count) && !(areFloats && wholes.bytes > 4 * count + 4)) {
      return numberForms.wholes;
    }
    if (areFloats) {
      for (let i = 0; i < count; i++) this.#floats[i] = this.values[i];
      return numberForms.floats;
    }
    if (this.#arePrinted(count)) return numberForms.printed;
    return this.#areDecimals(count) ? numberForms.decimals : numberForms.plain;
  }

  #arePrinted(count: number): boolean {
    const values = this.values;
    const floats = this.#floats;
    const words = this.#floatWords;
    for (let i = 0; i < count; i++) {
      floats[i] = values[i];
      const printed = printedDouble(floats[i], words[i]);
      // Equal zeros are of equal sign: rounding to float32 keeps it.
      if (printed !== values[i] && !(Number.isNaN(printed) && Number.isNaN(values[i]))) return false;
    }
    return true;
  }

  #areDecimals(count: number): boolean {
    const values = this.values;
    let places = 0;
    for (let i = 0; i < count; i++) {
      while (!isDecimal(values[i], 10 ** places)) if (++places > placesMax) return false;
    }
    const scale = 10 ** places;
    for (let i = 0; i < count; i++) {
      // A number of fewer places may be off at more, where its product is no longer exact.
      if (!isDecimal(values[i], scale)) return false;
      this.#mantissas[i] = Math.round(values[i] * scale);
    }
    this.#places = places;
    return this.#wholes.make(this.#mantissas, count) && this.#wholes.bytes < 8 * count;
  }
}

function kindsOf(values: Float64Array, count: number): { areWhole: boolean; areFloats: boolean } {
  let areWhole = true;
  let areFloats = true;
  for (let i = 0; i < count && (areWhole || areFloats); i++) {
    const value = values[i];
    areWhole &&= Math.floor(value) === value && Math.abs(value) <= wholeMax && !Object.is(value, -0);
    areFloats &&= Math.fround(value) === value || Number.isNaN(value);
  }
  return { areWhole, areFloats };
}

function isDecimal(value: number, scale: number): boolean {
  const mantissa = Math.round(value * scale);
  return mantissa / scale === value && Math.abs(mantissa) <= wholeMax && !Object.is(value, -0);
}

/** Four planes of bytes, the lowest first. */
function writeFloats(out: ByteWriter, words: Int32Array, count: number): void {
  out.reserve(4 * count);
  const bytes = out.bytes;
  let at = out.length;
  for (let i = 0; i < count; i++, at++) {
    const word = words[i];
    bytes[at] = word;
    bytes[at + count] = word >>> 8;
    bytes[at + 2 * count] = word >>> 16;
    bytes[at + 3 * count] = word >>> 24;
  }
  out.length += 4 * count;
}

/** Eight planes of bytes, the lowest first. */
function writeDoubles(out: ByteWriter, from: Uint8Array, count: number): void {
  out.reserve(8 * count);
  const bytes = out.bytes;
  let at = out.length;
  for (let plane = 0; plane < 8; plane++) {
    for (let i = 0, source = plane; i < count; i++, source += 8) bytes[at++] = from[source];
  }
  out.length = at;
}
