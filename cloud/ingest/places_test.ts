import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import type { Checkpoint } from "../lib/store/checkpoint.ts";
import { checkpointPlacesMax, flushIntervalMs, replayWindowMs } from "./limits.ts";
import { extendCheckpoint, isWithin, type LogExtent, missedOf, passedOf, replayPlanOf } from "./places.ts";

const minuteNs = 60_000_000_000n;
const checkpoint = {
  partition: 3,
  log: "made today",
  life: "first",
  places: [
    { atNs: 0n, live: 10, backfill: 1 },
    { atNs: 8n * minuteNs, live: 80, backfill: 8 },
    { atNs: 16n * minuteNs, live: 160, backfill: 16 },
    { atNs: 20n * minuteNs, live: 200, backfill: 20 },
  ],
};

Deno.test("what waits holds its own lane back and no other", () => {
  const passed = passedOf({ live: 50, backfill: 60 }, [
    { lane: "live", partition: 1, sequence: 31 },
    { lane: "live", partition: 2, sequence: 40 },
  ]);
  deepStrictEqual(passed, { live: 30, backfill: 60 });
});

Deno.test("without a replay the last place is where it goes on", () => {
  deepStrictEqual(replayPlanOf(checkpoint, 0).from, checkpoint.places[3]);
  deepStrictEqual(replayPlanOf(undefined, 0).from, { live: 0, backfill: 0 });
});

Deno.test("a replay begins ten minutes before the last place, or at the beginning", () => {
  deepStrictEqual(replayPlanOf(checkpoint, 600_000).from, checkpoint.places[1]);
  deepStrictEqual(replayPlanOf({ ...checkpoint, places: checkpoint.places.slice(2) }, 600_000).from, {
    live: 0,
    backfill: 0,
  });
  deepStrictEqual(replayPlanOf(checkpoint, 600_000).committedTo, checkpoint.places[3]);
});

Deno.test("a checkpoint forgets what no replay needs, and keeps ten minutes however often places are added", () => {
  for (const pauseMs of [100, flushIntervalMs - 1, flushIntervalMs, 3 * flushIntervalMs]) {
    let long: Checkpoint = { ...checkpoint, places: [] };
    const count = Math.ceil(3 * replayWindowMs / pauseMs);
    for (let i = 0; i < count; i++) {
      long = extendCheckpoint(long, { atNs: BigInt(i * pauseMs) * 1_000_000n, live: i, backfill: i });
    }
    ok(long.places.length <= checkpointPlacesMax, `${long.places.length} places`);
    strictEqual(long.places.at(-1)?.live, count - 1);
    const { from } = replayPlanOf(long, replayWindowMs);
    const backMs = (count - 1 - from.live) * pauseMs;
    ok(backMs >= replayWindowMs && backMs <= replayWindowMs + 4 * flushIntervalMs, `${backMs} ms back at ${pauseMs}`);
  }
});

const log: LogExtent = { id: "made today", first: 1, last: 200 };

Deno.test("places beyond the log's end, or of a log that was made at another time, belong to another log", () => {
  strictEqual(isWithin(checkpoint, log), true);
  strictEqual(isWithin(checkpoint, { ...log, last: 199 }), false);
  strictEqual(isWithin(checkpoint, { ...log, id: "made again", last: 900 }), false);
  strictEqual(isWithin(undefined, { ...log, last: 0 }), true);
});

Deno.test("what the log has lost of a replay and of what was never read is told apart", () => {
  const plan = replayPlanOf(checkpoint, 600_000);
  const missed = (first: number) => missedOf(plan, { ...log, first });
  deepStrictEqual(missed(9), { replay: 0, unread: 0 });
  deepStrictEqual(missed(11), { replay: 2, unread: 0 });
  deepStrictEqual(missed(81), { replay: 12, unread: 60 });
  deepStrictEqual(missed(211), { replay: 120, unread: 190 });
  deepStrictEqual(missedOf(replayPlanOf(undefined, 0), { ...log, first: 5 }), { replay: 0, unread: 4 });
});
