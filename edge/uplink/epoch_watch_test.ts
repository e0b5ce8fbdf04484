import { equal } from "node:assert/strict";
import { driftEpochIntervalMs, epochWatchIntervalMs } from "../limits.ts";
import { EpochWatch } from "./epoch_watch.ts";

const startNs = 1_780_000_000_000_000_000n;

function at(uptimeMs: number, stepMs = 0) {
  return { uptimeMs, wallNs: startNs + BigInt(Math.round((uptimeMs + stepMs) * 1e6)) };
}

Deno.test("steady time opens nothing", () => {
  const watch = new EpochWatch(at(0));
  for (let i = 1; i < 100; i++) {
    equal(watch.poll(at(i * epochWatchIntervalMs), at(i * epochWatchIntervalMs).wallNs), undefined);
  }
});

Deno.test("a tick that comes hours late means that the machine slept", () => {
  const watch = new EpochWatch(at(0));
  equal(watch.poll(at(3_600_000), at(3_600_000).wallNs), "suspend");
  equal(watch.poll(at(3_601_000), at(3_601_000).wallNs), undefined);
});

Deno.test("a wall clock that leaves the epoch's time opens a new epoch, and not again for a while", () => {
  const watch = new EpochWatch(at(0));
  equal(watch.poll(at(1000, 900), at(1000).wallNs), undefined);
  equal(watch.poll(at(2000, 1100), at(2000).wallNs), "drift");
  equal(watch.poll(at(3000, 1100), at(3000).wallNs), undefined);
  let found: string | undefined;
  for (let ms = 4000; ms <= 2000 + driftEpochIntervalMs; ms += 1000) found = watch.poll(at(ms, -5000), at(ms).wallNs);
  equal(found, "drift");
});
