import { deepEqual } from "node:assert/strict";
import { VirtualClock } from "#proto/testing/clock.ts";
import { speakIntervalMs } from "./limits.ts";
import { Speakers } from "./speakers.ts";

Deno.test("a speaker is called once for all that gathered, and again while something is left", async () => {
  const clock = new VirtualClock();
  const speakers = new Speakers(clock);
  const saidAt: number[] = [];
  let left = 2;
  const startedAtMs = clock.uptimeMs();
  const speaker = {
    speak: (nowMs: number) => {
      saidAt.push(nowMs - startedAtMs);
      left -= 1;
      return left > 0;
    },
  };
  speakers.add(speaker);
  speakers.add(speaker);
  await clock.advance(1000);
  deepEqual(saidAt, [speakIntervalMs, 2 * speakIntervalMs]);
  speakers.add(speaker);
  await clock.advance(1000);
  deepEqual(saidAt.length, 3);
});
