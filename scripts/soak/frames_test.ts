import { deepEqual, equal, notDeepEqual } from "node:assert/strict";
import { classes } from "#proto/class.ts";
import { soakFrame, soakStreams } from "./frames.ts";

const frames = Array.from({ length: 40_000 }, (_, number) => soakFrame(number, 5n));

Deno.test("a frame follows from its number, and no two are alike", () => {
  deepEqual(soakFrame(17, 5n), frames[17]);
  equal(new Set(frames.map(({ ts }) => ts)).size, frames.length);
  equal(new Set(frames.map(({ data }) => data.value)).size, frames.length);
  notDeepEqual(soakFrame(17, 6n), frames[17]);
});

Deno.test("frames are of every class and stream, and shapes grow and then stay", () => {
  deepEqual(new Set(frames.map((frame) => frame.class)), new Set(classes));
  deepEqual(new Set(frames.map(({ stream }) => stream)), new Set(soakStreams));
  const fields = new Set(frames.flatMap(({ data }) => Object.keys(data)));
  deepEqual([fields.size, fields.has("extra_15"), fields.has("extra_16")], [4 + 15, true, false]);
});
