/**
 * Serial numbers of certificates in few bytes: 100,000 of 16 bytes take 2.7 MB, where a Set of texts takes 13 MB, and
 * nothing of it is an object that a collection of garbage would have to visit.
 *
 * A pool holds each number once, its length before it. A table of twice as many places, or up to four times, finds it
 * by a hash (FNV-1a), and on from there until a place is free. Numbers are those of an authority that signed for them,
 * so nobody can choose them to collide.
 */
import { ok } from "node:assert/strict";

/** Most bytes of a serial number, leading zeros aside. Source: RFC 5280 section 5.1.2.6. */
export const serialBytesMax = 20;

/** How much room a {@link SerialSet} gets. */
export interface SerialSetRoom {
  readonly count: number;
  /** Of all numbers together. */
  readonly bytes: number;
}

/** A set that only grows, within the room it was made with. */
export class SerialSet {
  readonly #pool: Uint8Array;
  /** Where in the pool a number's length stands, plus one; 0: free. */
  readonly #table: Uint32Array;
  readonly #mask: number;
  /** The number that is asked about, as bytes: a look-up makes nothing. */
  readonly #asked = new Uint8Array(serialBytesMax);
  #size = 0;
  #used = 0;

  constructor({ count, bytes }: SerialSetRoom) {
    this.#pool = new Uint8Array(bytes + count);
    this.#table = new Uint32Array(2 ** Math.ceil(Math.log2(2 * Math.max(1, count))));
    this.#mask = this.#table.length - 1;
  }

  /** How many numbers it holds. */
  get size(): number {
    return this.#size;
  }

  /** Memory that it takes. */
  get bytes(): number {
    return this.#pool.byteLength + this.#table.byteLength;
  }

  /** Adds the number that lies there, big endian; leading zeros do not count. */
  add(bytes: Uint8Array, { from, to }: { from: number; to: number }): void {
    const start = withoutZeros(bytes, from, to);
    const length = to - start;
    ok(length >= 1 && length <= serialBytesMax, "a serial number has 1 to 20 bytes");
    const place = this.#placeOf(bytes, start, to);
    if (this.#table[place] !== 0) return;
    ok(this.#used + 1 + length <= this.#pool.byteLength && this.#size < this.#table.length / 2, "there is room");
    this.#table[place] = this.#used + 1;
    this.#pool[this.#used] = length;
    for (let i = 0; i < length; i++) this.#pool[this.#used + 1 + i] = bytes[start + i];
    this.#used += 1 + length;
    this.#size += 1;
  }

  /** Whether it holds a number, which is given in lower-case hex without leading zeros, as a certificate's `serial` is. */
  has(serial: string): boolean {
    const length = (serial.length + 1) >> 1;
    if (length > serialBytesMax) return false;
    const asked = this.#asked;
    // From the end, because an odd count of digits leaves half a byte at the beginning.
    for (let i = 0; i < length; i++) {
      const at = serial.length - 2 * i;
      asked[length - 1 - i] = digitOf(serial, at - 1) + (at < 2 ? 0 : 16 * digitOf(serial, at - 2));
    }
    return this.#table[this.#placeOf(asked, 0, length)] !== 0;
  }

  /** The place that holds the number, or the free one where it belongs. */
  #placeOf(bytes: Uint8Array, start: number, end: number): number {
    const table = this.#table;
    let place = hashOf(bytes, start, end) & this.#mask;
    // At most half of the places are taken, so one is free.
    while (table[place] !== 0 && !this.#isAt(table[place] - 1, bytes, start, end)) place = (place + 1) & this.#mask;
    return place;
  }

  #isAt(at: number, bytes: Uint8Array, start: number, end: number): boolean {
    const pool = this.#pool;
    if (pool[at] !== end - start) return false;
    for (let i = start, j = at + 1; i < end; i++, j++) if (pool[j] !== bytes[i]) return false;
    return true;
  }
}

/** Value of a lower-case hex digit. */
function digitOf(text: string, at: number): number {
  const unit = text.charCodeAt(at);
  return unit < 0x3a ? unit - 0x30 : unit - 0x57;
}

function withoutZeros(bytes: Uint8Array, from: number, to: number): number {
  let start = from;
  while (start < to - 1 && bytes[start] === 0) start++;
  return start;
}

/** FNV-1a, its high bits folded into the low ones, which alone choose the place. */
function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ bytes[i], 0x01000193);
  return hash ^ (hash >>> 15);
}
