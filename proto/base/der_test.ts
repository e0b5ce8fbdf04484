import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";
import fc from "fast-check";
import { Fault } from "../errors.ts";
import {
  DerReader,
  identifierOf,
  namedBitsOf,
  positiveHexOf,
  readSequence,
  smallIntegerOf,
  tags,
  timeOf,
  trueOf,
  wholeBitsOf,
} from "./der.ts";

const bad = { code: "bad_certificate" };

function element(...bytes: number[]) {
  return new DerReader(new Uint8Array(bytes)).any();
}

function time(tag: number, text: string): number {
  return timeOf(element(tag, text.length, ...new TextEncoder().encode(text)));
}

Deno.test("elements come one after another, and only in their one encoding", () => {
  const reader = new DerReader(new Uint8Array([2, 1, 5, 0x30, 2, 5, 0]));
  strictEqual(smallIntegerOf(reader.next(tags.integer)), 5);
  strictEqual(reader.optional(tags.boolean), undefined);
  deepStrictEqual([...reader.next(tags.sequence).whole], [0x30, 2, 5, 0]);
  strictEqual(reader.done, true);
  for (
    const bytes of [
      [],
      [2],
      [2, 2, 1],
      [0x30, 0x80, 0, 0],
      [2, 0x81, 1, 5],
      [2, 0x82, 0, 1, 5],
      [0x1f, 0x81, 0],
      [2, 0x84, 0, 0, 0, 1],
    ]
  ) throws(() => element(...bytes), bad, `${bytes}`);
  throws(() => readSequence(new Uint8Array([0x30, 0, 0])), bad);
  throws(() => new DerReader(new Uint8Array([2, 1, 5])).next(tags.sequence), bad);
});

Deno.test("values outside their one form are refused", () => {
  strictEqual(trueOf(element(1, 1, 0xff)), true);
  for (const bytes of [[1, 1, 0], [1, 1, 1], [1, 0], [1, 2, 0xff, 0xff]]) throws(() => trueOf(element(...bytes)), bad);
  strictEqual(smallIntegerOf(element(2, 1, 0)), 0);
  strictEqual(smallIntegerOf(element(2, 5, 0, 0xff, 0, 0, 0)), 0xff000000);
  for (const bytes of [[2, 1, 0x80], [2, 5, 1, 0, 0, 0, 0], [2, 2, 0, 5], [2, 0]]) {
    throws(() => smallIntegerOf(element(...bytes)), bad);
  }
  strictEqual(positiveHexOf(element(2, 2, 0, 0x80)), "80");
  for (const bytes of [[2, 1, 0], [2, 1, 0xff], [2, 2, 0, 0x7f], [2, 0]]) {
    throws(() => positiveHexOf(element(...bytes)), bad);
  }
  strictEqual(identifierOf(element(6, 3, 0x55, 0x1d, 0x0f)), "551d0f");
  for (const bytes of [[6, 0], [6, 2, 0x55, 0x81], [6, 2, 0x80, 1], [6, 3, 0x55, 0x80, 1]]) {
    throws(() => identifierOf(element(...bytes)), bad);
  }
  strictEqual(identifierOf(element(6, 4, 0x55, 0x81, 0x80, 1)), "55818001");
  deepStrictEqual([...wholeBitsOf(element(3, 2, 0, 7))], [7]);
  throws(() => wholeBitsOf(element(3, 2, 1, 6)), bad);
  strictEqual(namedBitsOf(element(3, 2, 7, 0x80)), 0x80);
  strictEqual(namedBitsOf(element(3, 2, 1, 0x86)), 0x86);
  strictEqual(namedBitsOf(element(3, 3, 7, 0, 0x80)), 0);
  for (const bytes of [[3, 1, 0], [3, 2, 0, 0x80], [3, 2, 7, 0], [3, 2, 8, 0x80], [3, 3, 6, 0x80, 0x40]]) {
    throws(() => namedBitsOf(element(...bytes)), bad);
  }
});

Deno.test("times are read in the forms of RFC 5280 and no other", () => {
  strictEqual(time(tags.utcTime, "260601120000Z"), Date.UTC(2026, 5, 1, 12));
  strictEqual(time(tags.utcTime, "500101000000Z"), Date.UTC(1950, 0, 1));
  strictEqual(time(tags.utcTime, "491231235959Z"), Date.UTC(2049, 11, 31, 23, 59, 59));
  strictEqual(time(tags.generalizedTime, "20560101000000Z"), Date.UTC(2056, 0, 1));
  for (
    const text of [
      "2606011200Z",
      "260601120000+0100",
      "261301120000Z",
      "260230120000Z",
      "260601250000Z",
      "26060112000 Z",
    ]
  ) throws(() => time(tags.utcTime, text), bad, text);
  throws(() => time(tags.generalizedTime, "20560101000000.5Z"), bad);
  throws(() => time(tags.generalizedTime, "20491231235959Z"), bad);
  throws(() => time(tags.integer, "20560101000000Z"), bad);
});

Deno.test("any bytes are read or refused", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      try {
        const reader = new DerReader(bytes);
        while (!reader.done) reader.any();
      } catch (thrown) {
        if (!(thrown instanceof Fault)) throw thrown;
      }
    }),
    { numRuns: 2000 },
  );
});
