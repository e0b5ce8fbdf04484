/** Reads columns of doubles in the forms of `number_forms.ts`. Any bytes are safe. */
import type { ByteReader } from "../bytes.ts";
import { constantBit, formShift, numberForms, placesMax } from "./number_forms.ts";
import { printedDouble } from "./printed.ts";
import { readWholes } from "./wholes.ts";

/** Reads numbers from where its reader stands; keeps room for turning bytes into numbers. */
export class NumberReader {
  readonly #reader: ByteReader;
  #room = new Float64Array(0);
  #floats = new Float32Array(0);
  /** The same memory as the floats. */
  #words = new Int32Array(0);

  constructor(reader: ByteReader) {
    this.#reader = reader;
  }

  /** Reads head byte and numbers, where there is no presence. Fills `into` from its start up to `count`, at least 1. */
  readAll(into: Float64Array, count: number): void {
    this.read({ head: this.#reader.u8(), into, count });
  }

  /** As {@link readAll}, behind a head byte whose presence bits do not matter here. */
  read({ head, into, count }: { head: number; into: Float64Array; count: number }): void {
    const distinct = head & constantBit ? 1 : count;
    this.#readForm(formOf(head), into, distinct);
    if (distinct < count) into.fill(into[0], 0, count);
  }

  /** Reads what `NumberWriter.planBigints` planned. Fills all of `into`. */
  readBigints(head: number, into: BigInt64Array): void {
    if (formOf(head) !== numberForms.plain) throw this.#reader.fault(`64-bit integers of unknown form ${head}`);
    const distinct = head & constantBit ? 1 : into.length;
    readPlanes(this.#reader, new Uint8Array(into.buffer, into.byteOffset), distinct);
    if (distinct < into.length) into.fill(into[0]);
  }

  /** Room for numbers that are on their way elsewhere; the next call gives the same. */
  room(count: number): Float64Array {
    if (this.#room.length < count) this.#room = new Float64Array(Math.max(1024, count));
    return this.#room;
  }

  #readForm(form: number, into: Float64Array, count: number): void {
    switch (form) {
      case numberForms.wholes:
        return readWholes(this.#reader, { into, count });
      case numberForms.floats:
        this.#readFloats(count);
        for (let i = 0; i < count; i++) into[i] = this.#floats[i];
        return;
      case numberForms.printed:
        this.#readFloats(count);
        for (let i = 0; i < count; i++) into[i] = printedDouble(this.#floats[i], this.#words[i]);
        return;
      case numberForms.decimals:
        return this.#readDecimals(into, count);
      case numberForms.plain:
        return readPlanes(this.#reader, new Uint8Array(into.buffer, into.byteOffset), count);
      default:
        throw this.#reader.fault(`numbers of unknown form ${form}`);
    }
  }

  #readFloats(count: number): void {
    const bytes = this.#reader.take(4 * count);
    if (this.#floats.length < count) {
      this.#floats = new Float32Array(Math.max(1024, count));
      this.#words = new Int32Array(this.#floats.buffer);
    }
    const words = this.#words;
    for (let low = 0, b = count, c = 2 * count, high = 3 * count; low < count; low++, b++, c++, high++) {
      words[low] = bytes[low] | (bytes[b] << 8) | (bytes[c] << 16) | (bytes[high] << 24);
    }
  }

  #readDecimals(into: Float64Array, count: number): void {
    const places = this.#reader.u8();
    if (places > placesMax) throw this.#reader.fault(`${places} decimal places, at most ${placesMax} can be`);
    readWholes(this.#reader, { into, count });
    const scale = 10 ** places;
    for (let i = 0; i < count; i++) into[i] /= scale;
  }
}

function formOf(head: number): number {
  return (head & ~constantBit) >> formShift;
}

/** Eight planes of bytes: all lowest bytes, then all second ones. */
function readPlanes(reader: ByteReader, into: Uint8Array, count: number): void {
  const bytes = reader.take(8 * count);
  let at = 0;
  for (let plane = 0; plane < 8; plane++) {
    for (let i = 0, target = plane; i < count; i++, target += 8) into[target] = bytes[at++];
  }
}
