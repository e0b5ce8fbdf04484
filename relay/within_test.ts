import { equal } from "node:assert/strict";
import { VirtualClock } from "#proto/testing/clock.ts";
import { settledWithin } from "./within.ts";

Deno.test("work that settles in time, well or badly, is told from work that does not", async () => {
  const clock = new VirtualClock();
  const options = { clock, limitMs: 100 };
  equal(await settledWithin(Promise.resolve(), options), true);
  equal(await settledWithin(Promise.reject(new Error("no")), options), true);
  equal(await clock.run(settledWithin(new Promise(() => {}), options)), false);
});
