/**
 * Writing and reading of small binary formats: little endian, LEB128 varints, lengths before contents.
 *
 * Varints carry whole numbers up to 2^53 - 1; zig-zag maps signed ones onto them.
 */
import { type Code, Fault } from "./errors.ts";

const encoder = new TextEncoder();
// A byte order mark is an ordinary character of telemetry.
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Longest varint: 53 bits in groups of seven. */
export const varintBytesMax = 8;

/** Length of a varint in bytes. */
export function varintBytes(value: number): number {
  let length = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) length++;
  return length;
}

/** Length of a text in UTF-8. */
export function utf8Bytes(text: string): number {
  let length = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) continue;
    // Each half of a pair counts two, which makes the pair four; a lone half becomes U+FFFD of three.
    if (unit < 0x800) length += 1;
    else if (unit < 0xd800 || unit > 0xdfff || !isPaired(text, i)) length += 2;
    else length += 1;
  }
  return length;
}

function isPaired(text: string, at: number): boolean {
  const isHigh = (unit: number) => unit >= 0xd800 && unit <= 0xdbff;
  const isLow = (unit: number) => unit >= 0xdc00 && unit <= 0xdfff;
  return isHigh(text.charCodeAt(at)) ? isLow(text.charCodeAt(at + 1)) : isHigh(text.charCodeAt(at - 1));
}

function hexDigit(code: number): number {
  return code <= 0x39 ? code - 0x30 : (code | 0x20) - 0x57;
}

/** A buffer that grows as it is written, and is kept for the next time by {@link clear}. */
export class ByteWriter {
  /** Everything up to {@link length} is written. Changes identity when it grows. */
  bytes: Uint8Array<ArrayBuffer>;
  length = 0;
  #view: DataView;

  constructor(capacity = 256) {
    this.bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.bytes.buffer);
  }

  /** Makes room for `count` more bytes, for callers that then write into {@link bytes} themselves. */
  reserve(count: number): void {
    if (this.length + count <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(this.bytes.length * 2, this.length + count));
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
    this.#view = new DataView(grown.buffer);
  }

  clear(): void {
    this.length = 0;
  }

  /** Leaves `count` bytes to be written later, whatever is in them now, and returns where they begin. */
  skip(count: number): number {
    this.reserve(count);
    const at = this.length;
    this.length += count;
    return at;
  }

  /** A copy of what is written. */
  copy(): Uint8Array<ArrayBuffer> {
    return this.bytes.slice(0, this.length);
  }

  u8(value: number): void {
    this.reserve(1);
    this.bytes[this.length++] = value;
  }

  u32(value: number): void {
    this.reserve(4);
    this.#view.setUint32(this.length, value, true);
    this.length += 4;
  }

  f64(value: number): void {
    this.reserve(8);
    this.#view.setFloat64(this.length, value, true);
    this.length += 8;
  }

  /** 64 bits, signed or not: bits above are cut. */
  i64(value: bigint): void {
    this.reserve(8);
    this.#view.setBigInt64(this.length, value, true);
    this.length += 8;
  }

  varint(value: number): void {
    this.reserve(varintBytesMax);
    let rest = value;
    // Bit operations are 32 bits wide; larger numbers are divided down first.
    while (rest > 0x7fffffff) {
      this.bytes[this.length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    while (rest >= 0x80) {
      this.bytes[this.length++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.bytes[this.length++] = rest;
  }

  /** Bytes given as hex digits; small ones, for which a typed array of their own would cost more. */
  hex(digits: string): void {
    this.reserve(digits.length / 2);
    for (let at = 0; at < digits.length; at += 2) {
      this.bytes[this.length++] = (hexDigit(digits.charCodeAt(at)) << 4) | hexDigit(digits.charCodeAt(at + 1));
    }
  }

  raw(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** Length in bytes as varint, then UTF-8; lone surrogates become U+FFFD. */
  text(text: string): void {
    const length = utf8Bytes(text);
    this.varint(length);
    this.reserve(length);
    encoder.encodeInto(text, this.bytes.subarray(this.length));
    this.length += length;
  }
}

/** Reads bytes of unknown origin: whatever is not there or out of bounds is a Fault of the code it was given. */
export class ByteReader {
  readonly bytes: Uint8Array;
  /** Where the next read begins. */
  at = 0;
  readonly #view: DataView;
  readonly #code: Code;
  readonly #subject: string;

  /** `subject` names what is being read in messages, such as `batch`. */
  constructor(bytes: Uint8Array, options: { code: Code; subject: string }) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#code = options.code;
    this.#subject = options.subject;
  }

  get remaining(): number {
    return this.bytes.length - this.at;
  }

  /** The Fault for what is wrong here, to be thrown. */
  fault(problem: string): Fault {
    return new Fault(this.#code, `Cannot read ${this.#subject} at byte ${this.at} of ${this.bytes.length}: ${problem}`);
  }

  #advance(count: number): number {
    const at = this.at;
    if (count > this.bytes.length - at) throw this.fault(`wanted ${count} bytes, there are ${this.remaining}`);
    this.at = at + count;
    return at;
  }

  u8(): number {
    return this.bytes[this.#advance(1)];
  }

  u32(): number {
    return this.#view.getUint32(this.#advance(4), true);
  }

  f64(): number {
    return this.#view.getFloat64(this.#advance(8), true);
  }

  i64(): bigint {
    return this.#view.getBigInt64(this.#advance(8), true);
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.#advance(8), true);
  }

  /** A whole number up to 2^53 - 1. */
  varint(): number {
    let value = 0;
    let scale = 1;
    for (let length = 0; length < varintBytesMax; length++) {
      const byte = this.u8();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (value > Number.MAX_SAFE_INTEGER) break;
        return value;
      }
      scale *= 0x80;
    }
    throw this.fault("number is beyond 2^53 - 1");
  }

  /** A varint that must not pass `max`. */
  count(max: number, of: string): number {
    const value = this.varint();
    if (value > max) throw this.fault(`${value} ${of}, at most ${max} can be`);
    return value;
  }

  /** The next bytes as a view. */
  take(length: number): Uint8Array {
    const at = this.#advance(length);
    return this.bytes.subarray(at, at + length);
  }

  /** What {@link ByteWriter.text} wrote. */
  text(): string {
    return this.utf8(this.varint());
  }

  /** UTF-8 of a known length in bytes. */
  utf8(length: number): string {
    const bytes = this.take(length);
    try {
      return decoder.decode(bytes);
    } catch (cause) {
      if (cause instanceof TypeError) throw this.fault("text is not UTF-8");
      throw cause;
    }
  }

  /** Everything must have been read. */
  end(): void {
    if (this.remaining !== 0) throw this.fault(`${this.remaining} bytes too many`);
  }
}
