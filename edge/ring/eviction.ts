/**
 * Giving up segments for their space. Order of steps: gap records of what goes durable, watermark durable, then
 * {@link Space} takes the files.
 */
import type { Epoch } from "#proto/ids.ts";
import type { Disk } from "#proto/ports.ts";
import { has } from "#proto/ranges.ts";
import { type Board, type Segment, seriesOf, unsettledIn } from "./board.ts";
import { UnnamedGaps } from "./gaps.ts";
import type { Losses } from "./losses.ts";
import { type Gap, gapOf } from "./own_frames.ts";
import { readSegment } from "./reader.ts";

/** What {@link evictionOf} needs. */
export interface EvictionOptions {
  readonly disk: Disk;
  readonly board: Board;
  readonly losses: Losses;
  /** The open epoch, which stays on board without segments. */
  readonly current: () => Epoch;
  /** Ends those of the segments that are being written. */
  readonly endOpen: (segments: readonly Segment[]) => Promise<void>;
  /** Makes gap records durable; rejects with why not. */
  readonly commitGaps: (gaps: readonly Gap[]) => Promise<void>;
  /** Makes the watermark durable. */
  readonly persist: () => Promise<void>;
}

/** What must be done around the going of files. */
export interface Eviction {
  /** Names what giving these up loses and makes verdicts durable; only then their files may go. */
  readonly beforeDrop: (victims: readonly Segment[]) => Promise<void>;
  /** Takes a segment whose file may go off the board. */
  readonly drop: (victim: Segment) => void;
}

/** The steps before and at the giving up of a segment. */
export function evictionOf(options: EvictionOptions): Eviction {
  const { board, losses } = options;
  return {
    beforeDrop: (victims) => prepare(victims, options),
    drop: (victim) => {
      // A verdict that was taken back since beforeDrop has looked makes a loss of what goes: named all the same.
      for (const gap of losses.within(victim)) losses.add(gap);
      board.drop(victim, options.current());
    },
  };
}

async function prepare(victims: readonly Segment[], options: EvictionOptions): Promise<void> {
  const { losses } = options;
  await options.endOpen(victims);
  const lost = victims.flatMap((victim) => losses.within(victim));
  if (lost.length > 0) {
    await options.commitGaps([...lost, ...await gapsWithin(victims, options)]);
    for (const gap of lost) losses.giveUp(gap);
  }
  await options.persist();
}

/** What gap records without a verdict among the victims' say: it must outlive them. What cannot be read stays. */
async function gapsWithin(victims: readonly Segment[], { board, disk }: EvictionOptions): Promise<Gap[]> {
  const gaps = new UnnamedGaps();
  for (const victim of victims.filter(({ header }) => header.class === "critical")) {
    const unsettled = unsettledIn(victim, seriesOf(board, victim));
    for (const record of await readSegment(disk, victim)) {
      const gap = has(unsettled, record.seq) ? gapOf(record) : undefined;
      if (gap !== undefined) gaps.add(gap);
    }
  }
  return gaps.take();
}
