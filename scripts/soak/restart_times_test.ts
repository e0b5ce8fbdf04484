import { deepEqual } from "node:assert/strict";
import { RestartTimes } from "./restart_times.ts";

Deno.test("a restart takes until the first durable answer of a post that was begun after it", () => {
  const times = new RestartTimes(() => 0.4);
  times.handleDurable(1, 2);
  times.handleStarted(10);
  times.handleDurable(9, 12);
  deepEqual(times.timesMs, []);
  times.handleDurable(11, 250);
  times.handleDurable(12, 260);
  deepEqual([times.timesMs, times.cpuMs, times.cutShort], [[240], [400], 0]);
});

Deno.test("a start that was killed before it took anything is counted apart", () => {
  const times = new RestartTimes(() => 0.4);
  times.handleStarted(10);
  times.handleStarted(2_000);
  times.handleDurable(2_100, 2_200);
  deepEqual([times.timesMs, times.cutShort], [[200], 1]);
});
