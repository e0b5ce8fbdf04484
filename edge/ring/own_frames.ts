/** The ring's own records: `ss_epoch` opens an epoch, `ss_gap` names what was given up. Source: protocol.md 1 and 4.8. */
import { type Class, classes } from "#proto/class.ts";
import { type Epoch, parseEpoch, parseStream } from "#proto/ids.ts";
import type { Range } from "#proto/ranges.ts";
import { type FrameRecord, makeShape, type Value } from "#proto/shape.ts";
import type { EpochReason, NewFrame } from "./port.ts";

const gapStream = "ss_gap";
const gapCauses = ["overwritten", "disk_lost", "damaged", "refused"] as const;

/** Why seqs cannot be read: given up for space, buffered and never durable, damaged, or answered with an error. */
export type GapCause = typeof gapCauses[number];

/** What a gap record names. */
export interface Gap {
  readonly epoch: Epoch;
  readonly class: Class;
  readonly range: Range;
  readonly cause: GapCause;
}

/** What an epoch's first record says. */
export interface EpochOpening {
  readonly previous: Epoch | undefined;
  /** Highest durable seq of the previous epoch per class, in the order of {@link classes}; 0 for none. */
  readonly lasts: readonly number[];
  readonly reason: EpochReason;
  readonly boot: Uint8Array;
  readonly clockSynchronized: boolean;
}

/** The first frame of an epoch, at a time in nanoseconds. */
export function epochFrame(opening: EpochOpening, ts: bigint): NewFrame {
  const values: Value[] = [
    opening.previous?.toString() ?? null,
    ...opening.lasts,
    opening.reason,
    opening.boot.toHex(),
    opening.clockSynchronized,
  ];
  return { ts, shape: epochShape(), values };
}

/** A gap frame, at a time in nanoseconds. */
export function gapFrame(gap: Gap, ts: bigint): NewFrame {
  const values = [gap.epoch.toString(), gap.class, gap.range.first, gap.range.last, gap.cause];
  return { ts, shape: gapShape(), values };
}

/** What a record of the ring's own says was given up; undefined when it is no gap record. */
export function gapOf({ shape, values }: FrameRecord): Gap | undefined {
  if (shape.stream !== gapStream) return undefined;
  const [epoch, className, first, last, cause] = values;
  const named = classes.find((name) => name === className);
  const reason = gapCauses.find((name) => name === cause);
  if (named === undefined || reason === undefined || typeof first !== "number" || typeof last !== "number") {
    return undefined;
  }
  return { epoch: parseEpoch(epoch), class: named, range: { first, last }, cause: reason };
}

function epochShape() {
  return makeShape(parseStream("ss_epoch"), [
    { name: "previous", type: "str" },
    ...classes.map((name) => ({ name: `last_${name}`, type: "f64" as const })),
    { name: "reason", type: "str" },
    { name: "boot", type: "str" },
    { name: "clock_synchronized", type: "bool" },
  ]);
}

function gapShape() {
  return makeShape(parseStream(gapStream), [
    { name: "epoch", type: "str" },
    { name: "class", type: "str" },
    { name: "first", type: "f64" },
    { name: "last", type: "f64" },
    { name: "cause", type: "str" },
  ]);
}
