import { deepStrictEqual, ok, strictEqual, throws } from "node:assert/strict";
import fc from "fast-check";
import { SerialSet } from "./serial_set.ts";

/** Serial numbers as certificates write them: hex without leading zeros. */
const serials = fc.uint8Array({ minLength: 1, maxLength: 20 }).map((bytes) => bytes.toHex().replace(/^0+(?=.)/, ""));

function bytesOf(serial: string): Uint8Array {
  return Uint8Array.fromHex(serial.length % 2 === 0 ? serial : `0${serial}`);
}

function setOf(list: readonly string[]): SerialSet {
  const set = new SerialSet({ count: list.length, bytes: list.reduce((sum, one) => sum + bytesOf(one).length, 0) });
  for (const serial of list) set.add(bytesOf(serial), { from: 0, to: bytesOf(serial).length });
  return set;
}

Deno.test("a set holds what was added, once each, and nothing else", () => {
  fc.assert(fc.property(fc.array(serials, { maxLength: 300 }), fc.array(serials, { maxLength: 50 }), (added, asked) => {
    const [set, wanted] = [setOf(added), new Set(added)];
    strictEqual(set.size, wanted.size);
    for (const serial of [...added, ...asked]) strictEqual(set.has(serial), wanted.has(serial), serial);
  }));
});

Deno.test("leading zeros and what lies around a number do not count", () => {
  const set = new SerialSet({ count: 2, bytes: 8 });
  set.add(Uint8Array.of(9, 0, 0, 0x0a, 0xbc, 9), { from: 1, to: 5 });
  set.add(Uint8Array.of(0, 0), { from: 0, to: 2 });
  deepStrictEqual(["abc", "0", "9", "bc", "abc9", "ab", "c".repeat(42)].map((serial) => set.has(serial)), [
    ...[true, true, false],
    ...[false, false, false, false],
  ]);
});

Deno.test("numbers that follow one another are found in few steps, as are those that end alike", () => {
  const count = 50_000;
  for (const shift of [0n, 96n]) {
    const list = Array.from({ length: count }, (_, i) => (BigInt(i + 1) << shift).toString(16));
    const set = setOf(list);
    ok(list.every((serial) => set.has(serial)));
    strictEqual(set.size, count);
    strictEqual(set.has((BigInt(count + 1) << shift).toString(16)), false);
  }
});

Deno.test("a hundred thousand numbers of 16 bytes take less than 3 MB", () => {
  const set = new SerialSet({ count: 100_000, bytes: 1_600_000 });
  ok(set.bytes < 3_000_000, `${set.bytes} bytes`);
});

Deno.test("what does not fit is the caller's fault", () => {
  const set = new SerialSet({ count: 1, bytes: 1 });
  set.add(Uint8Array.of(1), { from: 0, to: 1 });
  set.add(Uint8Array.of(1), { from: 0, to: 1 });
  throws(() => set.add(Uint8Array.of(2), { from: 0, to: 1 }));
  throws(() => new SerialSet({ count: 1, bytes: 21 }).add(new Uint8Array(21).fill(1), { from: 0, to: 21 }));
});
