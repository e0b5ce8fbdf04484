/** Stops over a narrow network that loses a fifth, with the vehicle's backlog full: each arrives, and nothing moves after it. */
import { ok, strictEqual } from "node:assert/strict";
import { seededRandom } from "#proto/testing/random.ts";
import { runStopRig } from "../soak/stop/rig.ts";

Deno.test("a stop gets through a full backlog on a network that loses, and no motion begins before its release", async () => {
  const path = { bytesPerSecond: 125_000, loss: 0.2, delayMs: 50, queueMsMax: 500 };
  const { stopsMs, begunWhileStopped, backlog } = await runStopRig({ count: 6, path, random: seededRandom(1) });
  strictEqual(begunWhileStopped, 0);
  ok(stopsMs.length === 6 && backlog.every((records) => records > 0), JSON.stringify({ stopsMs, backlog }));
});
