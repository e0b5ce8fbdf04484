import { deepEqual, match } from "node:assert/strict";
import { curvesText, type Stretch, verdictOf, verdictText } from "./curve.ts";

const MiB = 2 ** 20;

function stretch(seconds: number, more: Partial<Stretch>): Stretch {
  return {
    seconds,
    isUnderAttack: false,
    shardBytes: 100 * MiB,
    supervisorBytes: 50 * MiB,
    batchMs: [10, 10],
    halfOpen: 0,
    waiting: 0,
    ...more,
  };
}

const quiet = [stretch(5, { shardBytes: 300 * MiB }), stretch(10, {})];

Deno.test("growth counts from the last quiet stretch to the worst of the attack, p99 over all of each", () => {
  const verdict = verdictOf([
    ...quiet,
    stretch(15, { isUnderAttack: true, shardBytes: 120 * MiB, supervisorBytes: 90 * MiB }),
    stretch(20, { isUnderAttack: true, batchMs: [11.9] }),
  ]);
  deepEqual(verdict, {
    grownBytes: 60 * MiB,
    p99Before: 10,
    p99Under: 11.9,
    isGrowthReached: true,
    isP99Reached: true,
  });
  const bad = verdictOf([...quiet, stretch(15, { isUnderAttack: true, shardBytes: 164 * MiB, batchMs: [12] })]);
  deepEqual([bad.isGrowthReached, bad.isP99Reached], [false, false]);
  match(
    verdictText(bad).join("\n"),
    /64\.0 MiB; goal 64 MiB missed\n.*12\.0 ms under attack \(20 %\); goal \+ 20 % missed/,
  );
});

Deno.test("curves show each stretch, one without a batch as a gap", () => {
  const text = curvesText([
    stretch(5, {}),
    stretch(10, { isUnderAttack: true, shardBytes: 170 * MiB, batchMs: [] }),
    stretch(15, { isUnderAttack: true, shardBytes: 135 * MiB, batchMs: [20] }),
  ]);
  match(text, /^ *5 +quiet +100 +50 +10\.0 +10\.0 +2 +0 +0$/m);
  match(text, /^ *10 +attack +170 +50 +NaN +NaN +0 +0 +0$/m);
  match(text, /^shard memory {2}▁█▅$/m);
  match(text, /^genuine p99 {3}▁ █$/m);
});
