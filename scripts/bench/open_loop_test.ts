import { deepEqual, equal } from "node:assert/strict";
import { VirtualClock } from "#proto/testing/clock.ts";
import { type Due, runOpenLoop } from "./open_loop.ts";

Deno.test("calls begin when they are due although none has ended", async () => {
  const clock = new VirtualClock({ uptimeMs: 500 });
  const begun: Due[] = [];
  const call = async (due: Due) => {
    begun.push(due);
    await clock.after(1000);
  };
  const times = await clock.run(runOpenLoop({ perSecond: 4, seconds: 1, clock }, call));
  deepEqual(begun, [500, 750, 1000, 1250].map((dueMs, number) => ({ number, dueMs })));
  deepEqual(times, { latenciesMs: [1000, 1000, 1000, 1000], latenessMs: [0, 0, 0, 0], failures: [] });
});

Deno.test("a stall of the caller counts for every call that fell due in it", async () => {
  const clock = new VirtualClock({ uptimeMs: 0 });
  const stalled = { uptimeMs: () => clock.uptimeMs(), after: () => clock.after(1000) };
  const times = await clock.run(runOpenLoop({ perSecond: 4, seconds: 1, clock: stalled }, () => Promise.resolve()));
  deepEqual(times.latenessMs, [0, 750, 500, 250]);
  deepEqual(times.latenciesMs, [0, 750, 500, 250]);
});

Deno.test("a failed call has no latency and stops no other", async () => {
  const clock = new VirtualClock();
  const call = ({ number }: Due) => number === 1 ? Promise.reject(new Error("refused")) : Promise.resolve();
  const times = await clock.run(runOpenLoop({ perSecond: 10, seconds: 0.3, clock }, call));
  equal(times.latenciesMs.length, 2);
  deepEqual(times.failures.map(String), ["Error: refused"]);
});
