/**
 * How far the log was worked through, per lane. A place is passed when every message up to it has its verdict; messages
 * that wait for a suspended table hold their partition's place back and nobody else's.
 */
import type { TelemetryLane } from "#proto/class.ts";
import type { Checkpoint, CommittedPlace } from "../lib/store/checkpoint.ts";
import { checkpointPlacesMax, flushIntervalMs } from "./limits.ts";
import type { Place } from "./log_message.ts";

/** Places per lane; 0: none yet. */
export interface LanePlaces {
  readonly live: number;
  readonly backfill: number;
}

/** A log as it lies there. */
export interface LogExtent {
  /** Tells it from a later one of the same name, whose places begin anew. */
  readonly id: string;
  /** Places of its first and last message; the first is beyond the last when it is empty. */
  readonly first: number;
  readonly last: number;
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
  /** Messages up to here had a verdict once; they are written again when the store may have forgotten them. */
  readonly committedTo: LanePlaces;
}

/** Plans where a new owner begins: `replayMs` before the last place that the old one wrote down. */
export function replayPlanOf(checkpoint: Checkpoint | undefined, replayMs: number): ReplayPlan {
  const newest = checkpoint?.places.at(-1);
  if (checkpoint === undefined || newest === undefined) {
    return { from: { live: 0, backfill: 0 }, committedTo: { live: 0, backfill: 0 } };
  }
  if (replayMs === 0) return { from: newest, committedTo: newest };
  const since = newest.atNs - BigInt(replayMs) * 1_000_000n;
  const from = checkpoint.places.findLast((place) => place.atNs <= since) ?? { live: 0, backfill: 0 };
  return { from, committedTo: newest };
}

/**
 * Adds a place to a checkpoint and forgets what no replay will need. Of places that lie closer together than flushes the
 * newest stays, or a few hurried ones would push out those of ten minutes ago.
 */
export function extendCheckpoint(checkpoint: Checkpoint, place: CommittedPlace): Checkpoint {
  const { places } = checkpoint;
  const [before, last] = [places.at(-2), places.at(-1)];
  const isDense = before !== undefined && last !== undefined && last.atNs - before.atNs < flushIntervalNs;
  const kept = isDense ? places.slice(0, -1) : places;
  return { ...checkpoint, places: [...kept, place].slice(-checkpointPlacesMax) };
}

const flushIntervalNs = BigInt(flushIntervalMs) * 1_000_000n;

/** Whether the places of a checkpoint can be some of this log. */
export function isWithin(checkpoint: Checkpoint | undefined, log: LogExtent): boolean {
  if (checkpoint === undefined) return true;
  return checkpoint.log === log.id &&
    checkpoint.places.every(({ live, backfill }) => live <= log.last && backfill <= log.last);
}

/** Messages that are wanted and gone from the log; of these at most so many were for the partition, for all share the places. */
export interface MissedMessages {
  /** Had their verdict once, and cannot be written again if the store has lost them. */
  readonly replay: number;
  /** Never had one. Their vehicles hold them until they get one, and send them again. */
  readonly unread: number;
}

/** What of a plan the log does not hold any more. */
export function missedOf({ from, committedTo }: ReplayPlan, { first }: LogExtent): MissedMessages {
  const missing = (after: number, to: number) => Math.max(0, Math.min(to, first - 1) - after);
  const most = (count: (lane: TelemetryLane) => number) => Math.max(count("live"), count("backfill"));
  return {
    replay: most((lane) => missing(from[lane], committedTo[lane])),
    unread: most((lane) => missing(committedTo[lane], Infinity)),
  };
}
