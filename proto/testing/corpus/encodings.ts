/** DER itself: second ways to write a length, parts that are missing or too many, ends and beginnings. */
import { der, join, sequence, withIndefiniteLength, withLongLength, withMore, withTag } from "../der.ts";
import type { Code } from "../../errors.ts";
import { type BadChain, inLeaf } from "./bad_chain.ts";
import type { Change, Parts } from "./recipe.ts";

const nothing = Uint8Array.of(5, 0);

/** See the head of this file. */
export const badEncodings: readonly BadChain[] = [...wholes(), ...bodies(), ...eachPart()];

function wholes(): BadChain[] {
  const encoder = new TextEncoder();
  const faults: [string, (whole: Uint8Array) => Uint8Array, Code?][] = [
    ["of no bytes", () => new Uint8Array()],
    ["of one byte", (whole) => whole.subarray(0, 1)],
    ["without its last byte", (whole) => whole.subarray(0, -1)],
    ["without its first byte", (whole) => whole.subarray(1)],
    ["cut in its middle", (whole) => whole.subarray(0, whole.length >> 1)],
    ["with a zero behind it", (whole) => join([whole, Uint8Array.of(0)])],
    ["with a newline behind it", (whole) => join([whole, encoder.encode("\n")])],
    ["twice", (whole) => join([whole, whole])],
    ["with NULL at its end", (whole) => withMore(whole, nothing)],
    ["with a length that is too long by a byte", withLongLength],
    ["without a length", withIndefiniteLength],
    ["with a length of four bytes", (whole) => join([Uint8Array.of(0x30, 0x84, 0, 0), whole.subarray(2)])],
    [
      "with a length of 126 bytes",
      (whole) => join([Uint8Array.of(0x30, 0xfe), new Uint8Array(126), whole.subarray(4)]),
    ],
    ["with the length 255 of lengths", (whole) => join([Uint8Array.of(0x30, 0xff), whole.subarray(2)])],
    ["that claims 16 MiB", (whole) => join([Uint8Array.of(0x30, 0x83, 0xff, 0xff, 0xff), whole.subarray(4)])],
    ["that claims a byte too few", (whole) => shifted(whole, -1)],
    ["that claims a byte too many", (whole) => shifted(whole, 1)],
    ["in a set", (whole) => withTag(whole, 0x31)],
    ["in a primitive sequence", (whole) => withTag(whole, 0x10)],
    ["in a list of its own", (whole) => sequence(whole)],
    ["with a tag of two bytes", (whole) => join([Uint8Array.of(0x3f, 0x10), whole.subarray(1)])],
    [
      "in PEM",
      (whole) => encoder.encode(`-----BEGIN CERTIFICATE-----\n${whole.toBase64()}\n-----END CERTIFICATE-----\n`),
    ],
    ["in base64", (whole) => encoder.encode(whole.toBase64())],
    ["in hex", (whole) => encoder.encode(whole.toHex())],
    ["of zeros", (whole) => whole.map(() => 0)],
    ["of lists in lists", () => nested(1000)],
  ];
  const large = (bytes: number) => ({
    whole: (whole: Uint8Array) => join([whole, new Uint8Array(Math.max(0, bytes - whole.length))]),
  });
  return [
    ...faults.map(([name, whole]) => inLeaf(`a certificate ${name}`, { whole })),
    { ...inLeaf("a certificate of more than 4 KiB", large(4097)), codeAtLogin: "bad_hello" },
  ];
}

/** What is signed, signed as it is. */
function bodies(): BadChain[] {
  const faults: [string, (body: Uint8Array) => Uint8Array][] = [
    ["with a length that is too long by a byte", withLongLength],
    ["without a length", withIndefiniteLength],
    ["with NULL at its end", (body) => withMore(body, nothing)],
    ["with an end of contents at its end", (body) => withMore(body, Uint8Array.of(0, 0))],
    ["in a set", (body) => withTag(body, 0x31)],
    ["in a list of its own", (body) => sequence(body)],
    ["in a string", (body) => der(4, body)],
    ["twice", (body) => join([body, body])],
    ["empty", () => sequence()],
    ["nowhere", () => new Uint8Array()],
  ];
  return faults.map(([name, body]) => inLeaf(`what is signed ${name}`, { body }));
}

/** The same second ways for every part of what is signed. */
function eachPart(): BadChain[] {
  const parts = ["version", "serial", "algorithm", "issuer", "validity", "subject", "key"] as const;
  const ways: [string, (part: Uint8Array) => Uint8Array][] = [
    ["with a length that is too long by a byte", withLongLength],
    ["without a length", withIndefiniteLength],
    ["twice", (part) => join([part, part])],
    ["missing", () => new Uint8Array()],
    ["with NULL behind it", (part) => join([part, nothing])],
    ["with a tag of two bytes", (part) => join([Uint8Array.of(0x1f), part])],
    ["that claims a byte too many", (part) => shifted(part, 1)],
    ["as NULL", () => nothing],
  ];
  const change = (part: keyof Parts, way: (part: Uint8Array) => Uint8Array): Change => ({
    parts: (right) => ({ [part]: way(right[part] as Uint8Array) }),
  });
  return parts.flatMap((part) => ways.map(([name, way]) => inLeaf(`${part} ${name}`, change(part, way))));
}

/** The element with its outermost length changed by so much, its bytes as they are. */
function shifted(element: Uint8Array, by: number): Uint8Array {
  const at = element[1] < 0x80 ? 1 : 1 + (element[1] & 0x7f);
  return element.map((byte, place) => place === at ? byte + by : byte);
}

function nested(depth: number): Uint8Array {
  let element: Uint8Array = sequence();
  for (let i = 0; i < depth; i++) element = sequence(element);
  return element;
}
