import { deepEqual, equal } from "node:assert/strict";
import { restartDelayMaxMs, restartDelayMs, restartHealthyMs } from "./limits.ts";
import { RestartBackoff } from "./restart.ts";

Deno.test("a shard that keeps failing is started later and later up to a cap", () => {
  const backoff = new RestartBackoff();
  const delays = Array.from({ length: 10 }, () => backoff.delayAfter(10));
  deepEqual(delays.slice(0, 3), [restartDelayMs, 2 * restartDelayMs, 4 * restartDelayMs]);
  equal(delays.at(-1), restartDelayMaxMs);
});

Deno.test("a shard that had run well is started again quickly", () => {
  const backoff = new RestartBackoff();
  for (let i = 0; i < 10; i++) backoff.delayAfter(10);
  equal(backoff.delayAfter(restartHealthyMs), restartDelayMs);
});
