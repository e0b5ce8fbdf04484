/** Writes DER for tests: what is right, and parts from which what is wrong is put together. */

/** Any extension; the object identifier is the hex of its DER content. */
export function extension(oid: string, value: Uint8Array, options: { critical?: boolean } = {}): Uint8Array {
  const flag = options.critical === true ? [der(1, Uint8Array.of(0xff))] : [];
  return der(0x30, join([der(6, Uint8Array.fromHex(oid)), ...flag, der(4, value)]));
}

/** One element. */
export function der(tag: number, content: Uint8Array): Uint8Array {
  const { length } = content;
  const hex = length.toString(16);
  const long = Uint8Array.fromHex(hex.length % 2 === 0 ? hex : `0${hex}`);
  return join([Uint8Array.of(tag), ...length < 0x80 ? [long] : [Uint8Array.of(0x80 | long.length), long], content]);
}

/** An INTEGER from 0 up, given in hex. */
export function derInteger(hex: string): Uint8Array {
  const bytes = Uint8Array.fromHex(hex.length % 2 === 0 ? hex : `0${hex}`);
  const start = Math.min(bytes.length - 1, Math.max(0, bytes.findIndex((byte) => byte !== 0)));
  const digits = bytes.subarray(start);
  return der(2, digits[0] >= 0x80 ? join([Uint8Array.of(0), digits]) : digits);
}

/** A time in the form that its year asks for: UTCTime through 2049. */
export function derTime(timeMs: number): Uint8Array {
  const digits = `${new Date(timeMs).toISOString().replace(/[-:T]|\..*/g, "")}Z`;
  const isShort = timeMs < Date.UTC(2050, 0, 1);
  return der(isShort ? 0x17 : 0x18, new TextEncoder().encode(isShort ? digits.slice(2) : digits));
}

/** All of them, one after another. */
export function join(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** A SEQUENCE of elements. */
export function sequence(...parts: readonly Uint8Array[]): Uint8Array {
  return der(0x30, join(parts));
}

/** A SET of elements, in the order given. */
export function set(...parts: readonly Uint8Array[]): Uint8Array {
  return der(0x31, join(parts));
}

/** An OBJECT IDENTIFIER, given as the hex of its content. */
export function oid(hex: string): Uint8Array {
  return der(6, Uint8Array.fromHex(hex));
}

/** Any text under any tag. */
export function text(tag: number, value: string): Uint8Array {
  return der(tag, new TextEncoder().encode(value));
}

/** A BIT STRING with so many unused bits. */
export function bitString(bytes: Uint8Array, { unused = 0 } = {}): Uint8Array {
  return der(3, join([Uint8Array.of(unused), bytes]));
}

/** The element with the length of its outermost part written in one byte more than it needs. */
export function withLongLength(element: Uint8Array): Uint8Array {
  const { tag, content } = outermost(element);
  const length = content.byteLength;
  const bytes = length < 0x80 ? [length] : length < 0x100 ? [0, length] : [0, length >> 8, length & 0xff];
  return join([Uint8Array.of(tag, 0x80 | bytes.length, ...bytes), content]);
}

/** The element in the form of BER that tells no length and ends with two zeros. */
export function withIndefiniteLength(element: Uint8Array): Uint8Array {
  const { tag, content } = outermost(element);
  return join([Uint8Array.of(tag, 0x80), content, Uint8Array.of(0, 0)]);
}

/** The element with more bytes at the end of its content. */
export function withMore(element: Uint8Array, more: Uint8Array): Uint8Array {
  const { tag, content } = outermost(element);
  return der(tag, join([content, more]));
}

/** The element with another tag. */
export function withTag(element: Uint8Array, tag: number): Uint8Array {
  return join([Uint8Array.of(tag), element.subarray(1)]);
}

function outermost(element: Uint8Array): { tag: number; content: Uint8Array } {
  const [tag, first] = element;
  return { tag, content: element.subarray(first < 0x80 ? 2 : 2 + (first & 0x7f)) };
}
