/**
 * How far the log was worked through, per lane. A place is passed when every message up to it has its verdict; messages
 * that wait for a suspended table hold their partition's place back and nobody else's.
 */
import type { TelemetryLane } from "#proto/class.ts";
import type { Checkpoint, CommittedPlace } from "../lib/store/store.ts";
import { checkpointPlacesMax } from "./limits.ts";
import type { Place } from "./log_message.ts";

/** Places per lane; 0: none yet. */
export interface LanePlaces {
  readonly live: number;
  readonly backfill: number;
}

/** The highest places of `reached` below every place that waits. */
export function passedOf(reached: LanePlaces, waiting: readonly Place[]): LanePlaces {
  const passed = (lane: TelemetryLane) =>
    waiting.filter((place) => place.lane === lane).reduce(
      (least, { sequence }) => Math.min(least, sequence - 1),
      reached[lane],
    );
  return { live: passed("live"), backfill: passed("backfill") };
}

/** Where to begin reading for a partition, and up to where messages were committed before. */
export interface ReplayPlan {
  readonly from: LanePlaces;
  /** Messages up to here may have had a verdict once; they are written again when the store may have forgotten them. */
  readonly committedTo: LanePlaces;
}

/**
 * Plans where a new owner begins: `replayMs` before the last place that the old one wrote down. A store that needs a
 * replay forgets places, ledger and rows each to another extent: whatever the log holds by now may be known to the
 * ledger and be gone from its table, so all of that is written again.
 */
export function replayPlanOf(
  checkpoint: Checkpoint | undefined,
  { replayMs, logEnd }: { replayMs: number; logEnd: number },
): ReplayPlan {
  const begin = { live: 0, backfill: 0 };
  const newest = checkpoint?.places.at(-1);
  const committedTo = replayMs === 0 ? newest ?? begin : { live: logEnd, backfill: logEnd };
  if (checkpoint === undefined || newest === undefined) return { from: begin, committedTo };
  if (replayMs === 0) return { from: newest, committedTo };
  const since = newest.atNs - BigInt(replayMs) * 1_000_000n;
  const from = checkpoint.places.findLast((place) => place.atNs <= since) ?? begin;
  return { from, committedTo };
}

/** Adds a place to a checkpoint and forgets what no replay will need. */
export function extendCheckpoint(checkpoint: Checkpoint, place: CommittedPlace): Checkpoint {
  return { partition: checkpoint.partition, places: [...checkpoint.places, place].slice(-checkpointPlacesMax) };
}

/** Whether every place of a checkpoint can be one of a log that ends at `logEnd`. */
export function isWithin(checkpoint: Checkpoint | undefined, logEnd: number): boolean {
  return (checkpoint?.places ?? []).every(({ live, backfill }) => live <= logEnd && backfill <= logEnd);
}
