import { deepStrictEqual, notDeepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { seededRandom } from "./random.ts";

Deno.test("the same seed gives the same, another seed something else", () => {
  deepStrictEqual(seededRandom(42).bytes(64), seededRandom(42).bytes(64));
  notDeepStrictEqual(seededRandom(42).bytes(64), seededRandom(43).bytes(64));
});

Deno.test("fractions fill [0, 1) evenly and integers reach both ends", () => {
  const random = seededRandom(1);
  const tenths = new Array<number>(10).fill(0);
  for (let i = 0; i < 10_000; i++) tenths[Math.floor(random.fraction() * 10)]++;
  strictEqual(tenths.length, 10);
  for (const count of tenths) ok(count > 850 && count < 1150, `${count} of 1000`);
  const drawn = new Set(Array.from({ length: 1000 }, () => random.integer(3, 7)));
  deepStrictEqual([...drawn].sort(), [3, 4, 5, 6, 7]);
});
