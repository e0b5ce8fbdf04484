import { deepStrictEqual as equal } from "node:assert/strict";
import type { FrameRecord } from "#proto/shape.ts";
import { powerFrame, powerNumberOf } from "./power_frames.ts";

const recordOf = (number: number): FrameRecord => ({ seq: 1, ...powerFrame(number) });
const numbers = Array.from({ length: 50 }, (_, number) => number * 1_000_003);

Deno.test("a frame is known by its number, and frames of all sizes come up", () => {
  equal(numbers.map((number) => powerNumberOf(recordOf(number))), numbers);
  equal(new Set(numbers.map((number) => powerFrame(number).shape.stream)).size, 3);
});

Deno.test("a frame whose content is another's, or a part of which is other, is not known", () => {
  for (const number of numbers) {
    const { values, ...rest } = recordOf(number);
    const other = powerFrame(number + 1);
    const changed: FrameRecord[] = [
      { ...rest, values: [number, ...other.values.slice(1)] },
      { ...rest, values: values.slice(0, 2) },
      { ...rest, values, ts: rest.ts + 1n },
      { ...rest, values: ["text", ...values.slice(1)] },
    ];
    equal(changed.map(powerNumberOf), [undefined, undefined, undefined, undefined]);
  }
});
