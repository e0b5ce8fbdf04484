import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";
import fc from "fast-check";
import {
  countOf,
  covers,
  formatRanges,
  has,
  intersect,
  normalize,
  parseRanges,
  type Ranges,
  subtract,
  union,
} from "./ranges.ts";

const numbersMax = 40;
const seqs = fc.uniqueArray(fc.integer({ min: 1, max: numbersMax }), { maxLength: numbersMax });

function setOf(numbers: number[]): Ranges {
  return normalize(numbers.map((n) => ({ first: n, last: n })));
}

function numbersOf(ranges: Ranges): number[] {
  return ranges.flatMap(({ first, last }) => Array.from({ length: last - first + 1 }, (_, i) => first + i));
}

Deno.test("range operations agree with sets of numbers and keep the normal form", () => {
  fc.assert(fc.property(seqs, seqs, (left, right) => {
    const [a, b] = [setOf(left), setOf(right)];
    const inRight = new Set(right);
    const sorted = (numbers: Iterable<number>) => [...new Set(numbers)].sort((x, y) => x - y);
    for (
      const [got, wanted] of [
        [union(a, b), sorted([...left, ...right])],
        [subtract(a, b), sorted(left.filter((n) => !inRight.has(n)))],
        [intersect(a, b), sorted(left.filter((n) => inRight.has(n)))],
      ] as const
    ) {
      deepStrictEqual(numbersOf(got), wanted);
      deepStrictEqual(got, setOf(wanted));
      strictEqual(countOf(got), wanted.length);
    }
    strictEqual(has(a, 7), left.includes(7));
    strictEqual(covers(a, { first: 7, last: 8 }), left.includes(7) && left.includes(8));
  }));
});

Deno.test("text form comes back as it went", () => {
  fc.assert(fc.property(seqs, (numbers) => {
    deepStrictEqual(parseRanges(formatRanges(setOf(numbers))), setOf(numbers));
  }));
  strictEqual(formatRanges(setOf([1, 2, 3, 9])), "1-3,9");
});

Deno.test("malformed text is refused", () => {
  for (const text of ["0", "1-", "3-1", "1,1", "1-2,3", "5,1", "a", "1,,3", "-4", "1.5"]) {
    throws(() => parseRanges(text), RangeError);
  }
});
