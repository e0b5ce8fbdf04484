import { deepStrictEqual, strictEqual } from "node:assert/strict";
import type { Checkpoint } from "../lib/store/store.ts";
import { checkpointPlacesMax } from "./limits.ts";
import { extendCheckpoint, isWithin, passedOf, replayPlanOf } from "./places.ts";

const minuteNs = 60_000_000_000n;
const checkpoint = {
  partition: 3,
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
  deepStrictEqual(replayPlanOf(checkpoint, { replayMs: 0, logEnd: 300 }).from, checkpoint.places[3]);
  deepStrictEqual(replayPlanOf(undefined, { replayMs: 0, logEnd: 300 }).from, { live: 0, backfill: 0 });
});

Deno.test("a replay begins ten minutes before the last place, or at the beginning", () => {
  const lazy = { replayMs: 600_000, logEnd: 300 };
  deepStrictEqual(replayPlanOf(checkpoint, lazy).from, checkpoint.places[1]);
  const late = { ...checkpoint, places: checkpoint.places.slice(2) };
  deepStrictEqual(replayPlanOf(late, lazy).from, { live: 0, backfill: 0 });
});

Deno.test("a lazy store may have forgotten its newest places too: all that the log holds counts as committed once", () => {
  const lazy = { replayMs: 600_000, logEnd: 300 };
  deepStrictEqual(replayPlanOf(checkpoint, lazy).committedTo, { live: 300, backfill: 300 });
  deepStrictEqual(replayPlanOf(undefined, lazy).committedTo, { live: 300, backfill: 300 });
  deepStrictEqual(replayPlanOf(checkpoint, { replayMs: 0, logEnd: 300 }).committedTo, checkpoint.places[3]);
});

Deno.test("a checkpoint forgets what no replay needs", () => {
  let long: Checkpoint = checkpoint;
  for (let i = 0; i < 2 * checkpointPlacesMax; i++) {
    long = extendCheckpoint(long, { atNs: BigInt(i), live: i, backfill: i });
  }
  strictEqual(long.places.length, checkpointPlacesMax);
});

Deno.test("places beyond the log's end belong to another log", () => {
  strictEqual(isWithin(checkpoint, 200), true);
  strictEqual(isWithin(checkpoint, 199), false);
  strictEqual(isWithin(undefined, 0), true);
});
