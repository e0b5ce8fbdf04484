import { deepEqual, equal } from "node:assert/strict";
import { percentileOf, percentilesOf, percentilesText, spreadText } from "./percentiles.ts";

Deno.test("a percentile is the least value that the share does not pass", () => {
  const hundred = Array.from({ length: 100 }, (_, at) => at + 1);
  deepEqual([0, 0.005, 0.5, 0.501, 0.99, 0.991, 1].map((share) => percentileOf(hundred, share)), [
    ...[1, 1, 50, 51, 99, 100, 100],
  ]);
  equal(percentileOf([7], 0.99), 7);
  equal(percentileOf([], 0.5), NaN);
});

Deno.test("values come in any order and are compared as numbers", () => {
  const values = [10, 9, 100, 1];
  const all = percentilesOf(values);
  deepEqual(all, { p50: 9, p90: 100, p99: 100, max: 100 });
  deepEqual(values, [10, 9, 100, 1]);
  equal(percentilesText(all, 1), "p50 9.0, p90 100.0, p99 100.0, max 100.0 ms");
});

Deno.test("rounds are told by their median and their ends", () => {
  equal(spreadText([3, 1, 20]), "3.00 (1.00 to 20.00)");
  equal(spreadText([5], 0), "5 (5 to 5)");
});
