/** Frames that prove themselves: all of one follows from its number, so that whoever reads one knows if it is whole. */
import { isDeepStrictEqual } from "node:util";
import { parseStream } from "#proto/ids.ts";
import { type FrameRecord, makeShape } from "#proto/shape.ts";
import { seededRandom } from "#proto/testing/random.ts";
import type { NewFrame } from "#edge/ring/ring.ts";

const streams = ["power_small", "power_middle", "power_large"] as const;
/** Texts of each stream are made of so many pieces of 16 characters at most. */
const textPiecesMax = [1, 20, 150];

const shapes = streams.map((stream) =>
  makeShape(parseStream(stream), [
    { name: "n", type: "f64" },
    { name: "whole", type: "i64" },
    { name: "text", type: "str" },
    { name: "series", type: "f64s" },
  ])
);

/** The frame of a number. */
export function powerFrame(number: number): NewFrame {
  const random = seededRandom(number);
  const stream = random.integer(0, streams.length - 1);
  const text = random.bytes(8).toHex().repeat(random.integer(0, textPiecesMax[stream]));
  const series = Float64Array.from({ length: random.integer(0, 8) }, () => random.fraction());
  const whole = BigInt.asIntN(64, BigInt(number) * 0x9e3779b97f4a7c15n);
  return { ts: BigInt(number) * 1_000_000n, shape: shapes[stream], values: [number, whole, text, series] };
}

/** The number of a record that is a {@link powerFrame}; undefined for one that is not, or whose content is another. */
export function powerNumberOf({ ts, shape, values }: FrameRecord): number | undefined {
  const [number] = values;
  if (typeof number !== "number") return undefined;
  const frame = powerFrame(number);
  const isWhole = frame.ts === ts && frame.shape.hash === shape.hash && isDeepStrictEqual([...values], frame.values);
  return isWhole ? number : undefined;
}
