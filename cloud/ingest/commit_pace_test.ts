import { ok, strictEqual } from "node:assert/strict";
import { CommitPace } from "./commit_pace.ts";
import { commitTargetMs, groupBytesMax, groupBytesMin } from "./limits.ts";

/** Commits of a store that takes so long for each byte, and for each commit, until the pace has settled. */
function settledOn({ msPerByte, msPerCommit }: { msPerByte: number; msPerCommit: number }): number {
  const pace = new CommitPace();
  for (let i = 0; i < 50; i++) pace.note(pace.bytesMax, msPerCommit + pace.bytesMax * msPerByte);
  return pace.bytesMax;
}

Deno.test("commits of a slow store become so small that each takes the wanted time", () => {
  const bytes = settledOn({ msPerByte: 1 / 4096, msPerCommit: 20 });
  const tookMs = 20 + bytes / 4096;
  ok(Math.abs(tookMs - commitTargetMs) < commitTargetMs / 10, `a commit takes ${tookMs} ms`);
});

Deno.test("sizes stay within their bounds, however slow or quick the store", () => {
  strictEqual(settledOn({ msPerByte: 1, msPerCommit: 0 }), groupBytesMin);
  strictEqual(settledOn({ msPerByte: 0, msPerCommit: 0 }), groupBytesMax);
});

Deno.test("small commits say nothing of how much fits, but a slow one does", () => {
  const pace = new CommitPace();
  for (let i = 0; i < 50; i++) pace.note(groupBytesMax, 10 * commitTargetMs);
  const { bytesMax } = pace;
  ok(bytesMax < groupBytesMax / 5);
  pace.note(100, 0.1);
  strictEqual(pace.bytesMax, bytesMax);
  pace.note(100, 2 * commitTargetMs);
  ok(pace.bytesMax < bytesMax);
});
