/** Ledger sets as protobuf messages and back, and places of the log. */
import { create } from "@bufbuild/protobuf";
import { type ClassRanges, ClassRangesSchema } from "#proto/gen/systemscale/link/v1/telemetry_pb.ts";
import { type Class, classes, classNumber, isClassNumber } from "#proto/class.ts";
import { type Epoch, parseEpoch } from "#proto/ids.ts";
import { rangesPerMessageMax } from "#proto/limits.ts";
import { normalize, type Ranges, union } from "#proto/ranges.ts";
import type { LanePlaces } from "./places.ts";

/** Ranges of one epoch and class. */
export interface LineRanges {
  readonly epoch: Epoch;
  readonly class: Class;
  readonly ranges: Ranges;
}

/** One line per epoch and class. */
export function mergeLines(lines: readonly LineRanges[]): LineRanges[] {
  const groups = Map.groupBy(lines, (line) => `${line.epoch}/${line.class}`);
  return [...groups.values()].map((group) => ({
    ...group[0],
    ranges: group.map(({ ranges }) => ranges).reduce(union),
  }));
}

/** To the wire; empty sets are left out, and each set keeps its first {@link rangesPerMessageMax} ranges. */
export function toWire(lines: readonly LineRanges[]): ClassRanges[] {
  return lines.filter(({ ranges }) => ranges.length > 0).map(({ epoch, class: name, ranges }) =>
    create(ClassRangesSchema, {
      epoch,
      class: classNumber(name),
      ranges: ranges.slice(0, rangesPerMessageMax).map(({ first, last }) => ({
        first: BigInt(first),
        last: BigInt(last),
      })),
    })
  );
}

/** From the wire; what is no valid set is left out, for the vehicle's own word must not stop its ledger. */
export function fromWire(lines: readonly ClassRanges[]): LineRanges[] {
  return lines.flatMap((line) => {
    if (!isClassNumber(line.class) || line.epoch <= 0n || line.epoch >= 1n << 63n) return [];
    const ranges = line.ranges.slice(0, rangesPerMessageMax).map((range) => ({
      first: Number(range.first),
      last: Number(range.last),
    }));
    const valid = ranges.filter(({ first, last }) => first >= 1 && first <= last && Number.isSafeInteger(last));
    return [{ epoch: parseEpoch(line.epoch), class: classes[line.class], ranges: normalize(valid) }];
  });
}

/** Places of a partition on the wire; undefined for one that is not owned. */
export function placesToWire(passed: LanePlaces | undefined): { live: bigint; backfill: bigint } | undefined {
  return passed && { live: BigInt(passed.live), backfill: BigInt(passed.backfill) };
}
