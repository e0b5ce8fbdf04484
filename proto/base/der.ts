/**
 * Reads DER strictly: one encoding for one value, no indefinite lengths, nothing left over. Source: ITU-T X.690.
 * Only what certificates and lists of revoked ones need. Every fault is a Fault `bad_certificate`.
 */
import { Fault } from "../errors.ts";

/** Longest form of a length: elements of up to 16 MiB. */
const lengthBytesMax = 3;

/** Tags that certificates use. */
export const tags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectIdentifier: 0x06,
  utf8String: 0x0c,
  sequence: 0x30,
  set: 0x31,
  printableString: 0x13,
  utcTime: 0x17,
  generalizedTime: 0x18,
} as const;

/** One element as it lies in the bytes. */
export interface DerElement {
  readonly tag: number;
  readonly content: Uint8Array;
  /** Tag, length and content. */
  readonly whole: Uint8Array;
}

/**
 * Finds where elements lie, and makes nothing while it does: for lists of a hundred thousand. What it found is written
 * over by the next {@link DerScanner.scan}.
 */
export class DerScanner {
  readonly bytes: Uint8Array;
  tag = 0;
  contentStart = 0;
  /** Where the element ends and what follows it begins. */
  end = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** Finds the element that begins at `at` and must end at `limit` or before. */
  scan(at: number, limit: number): void {
    const { bytes } = this;
    if (limit - at < 2) throw fault("it ends within an element");
    const tag = bytes[at];
    if ((tag & 0x1f) === 0x1f) throw fault("tag of more than one byte");
    const first = bytes[at + 1];
    const count = first < 0x80 ? 0 : first & 0x7f;
    if (first === 0x80 || count > lengthBytesMax) throw fault("length in a form that is not allowed");
    if (at + 2 + count > limit) throw fault("it ends within an element");
    this.tag = tag;
    this.contentStart = at + 2 + count;
    this.end = this.contentStart + (count === 0 ? first : longLength(bytes, at + 2, count));
    if (this.end > limit) throw fault("it ends within an element");
  }

  /** Checks the tag of what was found. */
  expect(tag: number): void {
    if (this.tag !== tag) throw fault(`tag 0x${this.tag.toString(16)}, wanted 0x${tag.toString(16)}`);
  }
}

/** Takes elements one after another. */
export class DerReader {
  readonly #scanner: DerScanner;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#scanner = new DerScanner(bytes);
  }

  /** Whether everything was taken. */
  get done(): boolean {
    return this.#at === this.#scanner.bytes.byteLength;
  }

  /** The next element, which must have that tag. */
  next(tag: number): DerElement {
    const element = this.any();
    this.#scanner.expect(tag);
    return element;
  }

  /** The next element if it has that tag. */
  optional(tag: number): DerElement | undefined {
    return !this.done && this.#scanner.bytes[this.#at] === tag ? this.any() : undefined;
  }

  /** The next element, whatever it is. */
  any(): DerElement {
    const [start, scanner] = [this.#at, this.#scanner];
    scanner.scan(start, scanner.bytes.byteLength);
    const { tag, contentStart, end, bytes } = scanner;
    this.#at = end;
    return { tag, content: bytes.subarray(contentStart, end), whole: bytes.subarray(start, end) };
  }

  /** Checks that everything was taken. */
  end(): void {
    if (!this.done) throw fault("something is left over");
  }
}

/** A reader of the content of a SEQUENCE that fills the bytes. */
export function readSequence(bytes: Uint8Array): DerReader {
  const outer = new DerReader(bytes);
  const { content } = outer.next(tags.sequence);
  outer.end();
  return new DerReader(content);
}

/** Value of a BOOLEAN, which DER writes in two ways only. */
export function booleanOf(element: DerElement): boolean {
  const [value] = element.content;
  if (element.content.byteLength === 1 && (value === 0 || value === 0xff)) return value === 0xff;
  throw fault("boolean that is neither true nor false");
}

/** Value of a small INTEGER from 0 up. */
export function smallIntegerOf(element: DerElement): number {
  const { content } = element;
  if (content.byteLength >= 1 && content.byteLength <= 4 && content[0] < 0x80) {
    return content.reduce((value, byte) => value * 256 + byte, 0);
  }
  throw fault("integer outside its bounds");
}

/** Bytes of a BIT STRING without unused bits. */
export function wholeBitsOf(element: DerElement): Uint8Array {
  if (element.content.byteLength >= 1 && element.content[0] === 0) return element.content.subarray(1);
  throw fault("bit string with unused bits");
}

/** First eight flags of a BIT STRING of named bits; bit 0 is the highest of the byte. */
export function namedBitsOf(element: DerElement): number {
  const { content } = element;
  if (content.byteLength >= 2 && content.byteLength <= 3 && content[0] <= 7) return content[1];
  throw fault("bit string of no named bits");
}

/** Milliseconds since 1970 of a UTCTime or GeneralizedTime in the one form that RFC 5280 section 4.1.2.5 allows. */
export function timeOf(element: DerElement): number {
  const text = asciiOf(element.content);
  const digits = element.tag === tags.utcTime ? centuryOf(text) + text : text;
  const match = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(digits);
  if (match === null || (element.tag !== tags.utcTime && element.tag !== tags.generalizedTime)) {
    throw fault("time in a form that is not allowed");
  }
  const [year, month, day, hour, minute, second] = match.slice(1).map(Number);
  const timeMs = Date.UTC(year, month - 1, day, hour, minute, second);
  // Date.UTC carries a thirteenth month over: only what reads back the same was a date.
  if (new Date(timeMs).toISOString().replace(/[-:T]|\.000/g, "") === digits) return timeMs;
  throw fault("time that does not exist");
}

/** Text of bytes that are printable ASCII. */
export function asciiOf(bytes: Uint8Array): string {
  if (bytes.every((byte) => byte >= 0x20 && byte < 0x7f)) return String.fromCharCode(...bytes);
  throw fault("text that is not plain ASCII");
}

/** Lower-case hex. */
export function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function centuryOf(text: string): string {
  return Number(text.slice(0, 2)) >= 50 ? "19" : "20";
}

/** Value of a length in the long form. */
function longLength(bytes: Uint8Array, at: number, count: number): number {
  let length = 0;
  for (let i = at; i < at + count; i++) length = length * 256 + bytes[i];
  const shortest = length < 0x80 ? 0 : length < 0x100 ? 1 : length < 0x10000 ? 2 : 3;
  if (shortest !== count) throw fault("length that is not written in the shortest way");
  return length;
}

function fault(what: string): Fault {
  return new Fault("bad_certificate", `Cannot read DER: ${what}`);
}
