import { strictEqual as equal } from "node:assert/strict";
import { VirtualClock } from "#proto/testing/clock.ts";
import { Watchdog } from "./watchdog.ts";

Deno.test("a watchdog expires as long after the last sign of life as its limit, and not before", async () => {
  const clock = new VirtualClock();
  const watchdog = new Watchdog({ clock, limitMs: 100 });
  let expired: boolean | undefined;
  watchdog.expired(new AbortController().signal).then((value) => expired = value);
  await clock.advance(60);
  watchdog.feed();
  await clock.advance(99);
  equal(expired, undefined);
  await clock.advance(1);
  equal(expired, true);
});

Deno.test("a watchdog that is called off does not expire", async () => {
  const clock = new VirtualClock();
  const over = new AbortController();
  const expired = new Watchdog({ clock, limitMs: 100 }).expired(over.signal);
  await clock.advance(50);
  over.abort();
  equal(await clock.run(expired), false);
});
