/**
 * Frames that rigs post: all that is in one follows from its number, so that any stored row can be checked by itself.
 * They are of all classes, of several streams, and their shapes grow.
 */
import type { Class } from "#proto/class.ts";

/** One frame as it is posted. */
export interface SoakFrame {
  readonly stream: string;
  readonly class: Class;
  /** Nanoseconds since 1970, decimal. */
  readonly ts: string;
  readonly data: Readonly<Record<string, number | string | boolean>>;
}

/** Streams of all frames, each a table in the store. */
export const soakStreams = ["soak_a", "soak_b", "soak_c"] as const;

/** Frames until a stream's shape grows. */
const framesPerShape = 2_000;
const shapesMax = 16;
/** Between the times of two frames. */
const stepNs = 1_000n;
/** One of these by a frame's number: most are normal. */
const classCycle: readonly Class[] = [
  ...["critical", "event", "bulk", "bulk"] as const,
  ...Array.from({ length: 12 }, () => "normal" as const),
];

/** The frame of a number; `startNs` is the time of number 0. */
export function soakFrame(number: number, startNs: bigint): SoakFrame {
  const extra = Math.min(Math.floor(number / framesPerShape), shapesMax - 1);
  return {
    stream: soakStreams[number % soakStreams.length],
    class: classCycle[number % classCycle.length],
    ts: (startNs + BigInt(number) * stepNs).toString(),
    data: {
      number,
      value: number * 1.5 + 0.25,
      word: `frame ${number % 97} \u00fc`,
      even: number % 2 === 0,
      ...extra === 0 ? {} : { [`extra_${extra}`]: -number - 0.5 },
    },
  };
}
