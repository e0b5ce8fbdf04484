import { equal } from "node:assert/strict";
import { silenceAgainMs, silenceAnswerMs, silenceAskMs } from "../limits.ts";
import { SilenceWatch } from "./silence_watch.ts";

Deno.test("silence while something is on its way is asked about, and told when nothing answers", () => {
  const watch = new SilenceWatch(0);
  const poll = (nowMs: number) => watch.poll({ nowMs, isAwaited: true });
  equal(poll(silenceAskMs - 1), "well");
  equal(poll(silenceAskMs), "ask");
  watch.handlePing(silenceAskMs);
  const lateMs = silenceAskMs + silenceAnswerMs;
  equal(poll(lateMs - 1), "well");
  equal(poll(lateMs), "silent");
  equal(poll(lateMs + silenceAgainMs - 1), "well");
  equal(poll(lateMs + silenceAgainMs), "silent");
});

Deno.test("a link on which nothing is on its way may be silent, and one that answers is well", () => {
  const watch = new SilenceWatch(0);
  equal(watch.poll({ nowMs: 60_000, isAwaited: false }), "well");
  watch.handlePing(60_000);
  watch.handleBytes(60_100);
  equal(watch.poll({ nowMs: 60_100 + silenceAskMs - 1, isAwaited: true }), "well");
});

Deno.test("a ping that nothing answers tells, also when nothing else is on its way, and a long way gets more time", () => {
  const watch = new SilenceWatch(0);
  watch.handlePing(5_000);
  watch.handlePing(6_000);
  equal(watch.poll({ nowMs: 5_000 + silenceAnswerMs, isAwaited: false, rttMs: 500 }), "well");
  equal(watch.poll({ nowMs: 5_000 + silenceAnswerMs + 2_000, isAwaited: false, rttMs: 500 }), "silent");
});
