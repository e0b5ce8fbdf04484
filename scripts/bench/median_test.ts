import { deepEqual, equal, ok } from "node:assert/strict";
import { seededRandom } from "#proto/testing/random.ts";
import { estimateMedian, verdictOf } from "./median.ts";

Deno.test("bounds of a median are values of rounds, the more of them the closer", () => {
  deepEqual(estimateMedian([3, 1, 2]), { median: 2, low: 1, high: 3 });
  const rounds = Array.from({ length: 25 }, (_, at) => at + 1);
  deepEqual(estimateMedian(rounds.toReversed()), { median: 13, low: 8, high: 18 });
});

Deno.test("the true median lies between the bounds about as often as they claim", () => {
  const random = seededRandom(7);
  const runs = 2_000;
  let within = 0;
  for (let run = 0; run < runs; run++) {
    const { low, high } = estimateMedian(Array.from({ length: 25 }, () => random.fraction() ** 3));
    if (low <= 0.125 && high >= 0.125) within++;
  }
  ok(within / runs > 0.93 && within / runs < 0.99, `${within} of ${runs}`);
});

Deno.test("a verdict needs both bounds on one side", () => {
  const of = (low: number, high: number) => verdictOf({ median: 1, low, high }, 0.95);
  equal(of(0.95, 0.97), "reached");
  equal(of(0.9, 0.94), "missed");
  equal(of(0.94, 0.96), "undecided");
});
