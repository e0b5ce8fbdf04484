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

/** Value of a BOOLEAN that is false when it is not written: DER writes it only when it is true, and in one way. */
export function trueOf(element: DerElement): true {
  if (element.content.byteLength === 1 && element.content[0] === 0xff) return true;
  throw fault("boolean that is not true, which goes without saying");
}

/** Value of a small INTEGER from 0 up. */
export function smallIntegerOf(element: DerElement): number {
  const digits = naturalOf(element);
  if (digits.byteLength <= 4) return digits.reduce((value, byte) => value * 256 + byte, 0);
  throw fault("integer outside its bounds");
}

/** Value of an INTEGER above 0, in lower-case hex without leading zeros. */
export function positiveHexOf(element: DerElement): string {
  const digits = naturalOf(element);
  if (digits.byteLength > 1 || digits[0] > 0) return hexOf(digits);
  throw fault("integer that is not above 0");
}

/** Bytes of an INTEGER from 0 up, without the zero that keeps it from being negative. */
function naturalOf({ content }: DerElement): Uint8Array {
  if (content.byteLength === 0 || content[0] >= 0x80) throw fault("integer of no bytes, or below 0");
  if (content[0] > 0 || content.byteLength === 1) return content;
  if (content[1] < 0x80) throw fault("integer with a zero before it");
  return content.subarray(1);
}

/** An OBJECT IDENTIFIER as the lower-case hex of its content. */
export function identifierOf({ content }: DerElement): string {
  const isWhole = content.byteLength > 0 && content[content.byteLength - 1] < 0x80;
  // A number of it that begins with an empty byte could be written shorter.
  const isShortest = content.every((byte, at) => byte !== 0x80 || (at > 0 && content[at - 1] >= 0x80));
  if (isWhole && isShortest) return hexOf(content);
  throw fault("object identifier in a form that is not allowed");
}

/** Bytes of a BIT STRING without unused bits. */
export function wholeBitsOf(element: DerElement): Uint8Array {
  if (element.content.byteLength >= 1 && element.content[0] === 0) return element.content.subarray(1);
  throw fault("bit string with unused bits");
}

/** First eight flags of a BIT STRING of at most nine named bits; bit 0 is the highest of the byte. */
export function namedBitsOf({ content }: DerElement): number {
  const [unused, first, second] = content;
  if (content.byteLength === 3 && second === 0x80 && unused === 7) return first;
  // The last bit that is written is a one, so that there is one way to write a set of flags.
  if (content.byteLength === 2 && first !== 0 && unused === Math.log2(first & -first)) return first;
  throw fault("bit string of no named bits, or with bits that say nothing");
}

/**
 * Milliseconds since 1970 of a time in the one form that RFC 5280 section 4.1.2.5 allows: a UTCTime through the year
 * 2049, a GeneralizedTime from then on.
 */
export function timeOf(element: DerElement): number {
  const text = asciiOf(element.content);
  const digits = element.tag === tags.utcTime ? centuryOf(text) + text : text;
  const match = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(digits);
  if (match === null || (element.tag !== tags.utcTime && element.tag !== tags.generalizedTime)) {
    throw fault("time in a form that is not allowed");
  }
  const [year, month, day, hour, minute, second] = match.slice(1).map(Number);
  if ((element.tag === tags.utcTime) !== year < 2050) throw fault("time in the form of other years");
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
