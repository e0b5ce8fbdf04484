import { deepStrictEqual as equal } from "node:assert/strict";
import { type PlacedFrame, splitSettled } from "./settled_frames.ts";

const frame = (epoch: string, seq: number): PlacedFrame => ({
  stream: "power_a",
  epoch,
  class: "normal",
  seq,
  number: seq,
});

Deno.test("settled is what lies below the lowest open seq of its epoch and class, or in none that has one", () => {
  const frames = [frame("1", 4), frame("1", 5), frame("2", 9)];
  const unsettled = [
    { epoch: "1", class: "normal", first: 5 },
    { epoch: "2", class: "bulk", first: 1 },
  ];
  equal(splitSettled(frames, unsettled), { settled: [frames[0], frames[2]], open: [frames[1]] });
  equal(splitSettled(frames, []), { settled: frames, open: [] });
});
