import { equal, rejects } from "node:assert/strict";
import { VirtualClock } from "./testing/clock.ts";
import { settledWithin, within } from "./within.ts";

const never = new Promise<never>(() => {});
const fault = () => new Error("late");

Deno.test("work that settles in time, well or badly, is told from work that does not", async () => {
  const clock = new VirtualClock();
  const options = { clock, limitMs: 100 };
  equal(await settledWithin(Promise.resolve(), options), true);
  equal(await settledWithin(Promise.reject(new Error("no")), options), true);
  equal(await clock.run(settledWithin(never, options)), false);
});

Deno.test("a result or an error comes through, and a fault instead of what takes too long", async () => {
  const clock = new VirtualClock();
  const options = { clock, limitMs: 100, fault };
  equal(await within(Promise.resolve(7), options), 7);
  equal(await within(Promise.resolve(undefined), options), undefined);
  await rejects(within(Promise.reject(new Error("no")), options), /no/);
  await clock.run(rejects(within(never, options), /late/));
});
