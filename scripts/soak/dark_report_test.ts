import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { darkReport } from "./dark_report.ts";
import type { DarkResult } from "./dark_round.ts";

const of = { frames: 1_000, ringMebibytes: 1 };
const good: DarkResult = {
  postedMs: 500,
  ringBytes: 2 ** 19,
  ringBytesPeak: 2 ** 20,
  lost: 0,
  firstLiveMs: 20,
  drainedMs: 180_000,
  live: { p50: 20, p90: 30, p99: 500, max: 900 },
  stored: { rows: 1_000, missing: 0, doubled: 0, changed: 0 },
};

Deno.test("what reaches every goal misses none", () => {
  const { lines, missed } = darkReport(good, of);
  strictEqual(lines[0], "posted in 0.5 s = 2000 frames/s");
  deepStrictEqual(missed, []);
});

Deno.test("each goal that is missed is told", () => {
  const bad: Partial<DarkResult>[] = [
    { lost: 1 },
    { drainedMs: 180_001 },
    { live: { ...good.live, p99: 501 } },
    { ringBytesPeak: 2 ** 20 + 1 },
    { stored: { ...good.stored, missing: 1 } },
    { stored: { ...good.stored, doubled: 1 } },
    { stored: { ...good.stored, changed: 1 } },
  ];
  for (const fault of bad) strictEqual(darkReport({ ...good, ...fault }, of).missed.length, 1);
});
