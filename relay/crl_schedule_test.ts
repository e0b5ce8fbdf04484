import { deepEqual, equal } from "node:assert/strict";
import fc from "fast-check";
import { CrlSchedule } from "./crl_schedule.ts";
import { crlHintIntervalMs } from "./limits.ts";

const pollMs = 60_000;

Deno.test("the first fetch is due at once, the next after the poll interval or up to a tenth earlier", () => {
  const schedule = new CrlSchedule(pollMs);
  equal(schedule.pollWaitMs(5), 0);
  schedule.handleBegan(5);
  schedule.handleSucceeded(0, 100);
  deepEqual([100, 60_099, 60_100].map((nowMs) => schedule.pollWaitMs(nowMs)), [60_000, 1, 0]);
  schedule.handleBegan(70_000);
  schedule.handleSucceeded(0.5, 70_000);
  equal(schedule.pollWaitMs(70_000), 57_000);
});

Deno.test("failures are repeated later and later, never later than a poll, and a success forgives them", () => {
  const schedule = new CrlSchedule(pollMs);
  const waits = Array.from({ length: 8 }, () => {
    schedule.handleBegan(0);
    schedule.handleFailed(0);
    return schedule.pollWaitMs(0);
  });
  deepEqual(waits, [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
  schedule.handleSucceeded(0, 0);
  schedule.handleFailed(0);
  equal(schedule.pollWaitMs(0), 1_000);
});

Deno.test("a hint is followed at once, but not within half a second of the last beginning", () => {
  const schedule = new CrlSchedule(pollMs);
  schedule.handleBegan(0);
  schedule.handleSucceeded(0, 0);
  schedule.handleHint();
  deepEqual([schedule.pollWaitMs(100), schedule.pollWaitMs(500)], [400, 0]);
  schedule.handleBegan(500);
  // While it was under way.
  schedule.handleHint();
  schedule.handleSucceeded(0, 900);
  equal(schedule.pollWaitMs(900), 100);
  schedule.handleBegan(1000);
  schedule.handleSucceeded(0, 1000);
  equal(schedule.pollWaitMs(1000), pollMs);
});

Deno.test("however many hints come, there are no two fetches within half a second", () => {
  fc.assert(fc.property(fc.array(fc.tuple(fc.nat(200), fc.boolean()), { maxLength: 200 }), (events) => {
    const schedule = new CrlSchedule(pollMs);
    const beganAtMs: number[] = [];
    let nowMs = 0;
    for (const [laterMs, isGood] of events) {
      nowMs += laterMs;
      schedule.handleHint();
      if (schedule.pollWaitMs(nowMs) > 0) continue;
      beganAtMs.push(nowMs);
      schedule.handleBegan(nowMs);
      if (isGood) schedule.handleSucceeded(0, nowMs);
      else schedule.handleFailed(nowMs);
    }
    for (let i = 1; i < beganAtMs.length; i++) equal(beganAtMs[i] - beganAtMs[i - 1] >= crlHintIntervalMs, true);
  }));
});
