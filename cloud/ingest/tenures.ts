/**
 * The partitions that this instance owns and how far each was worked through. Those that were taken over together are read
 * together, by one reader per lane, and are reached together: a tenure.
 *
 *     free --taken over--> replaying --read to where it was committed--> working --given up, or lost--> free
 *
 * A place is written down when the replay is over: whoever takes over in the middle of one begins it anew.
 */
import type { TelemetryLane } from "#proto/class.ts";
import type { Checkpoint } from "../lib/store/checkpoint.ts";
import { replayWindowMs } from "./limits.ts";
import type { LogMessage, Place } from "./log_message.ts";
import {
  extendCheckpoint,
  isWithin,
  type LanePlaces,
  type LogExtent,
  type MissedMessages,
  missedOf,
  passedOf,
  type ReplayPlan,
  replayPlanOf,
} from "./places.ts";

/** One partition that is held. */
interface Held {
  readonly plan: ReplayPlan;
  /** Last message of the log at the take-over: up to there others may have worked. */
  readonly logEnd: number;
  /** Up to here the ledger may say of messages that they are committed, and the store have lost them. */
  readonly doubtfulTo: number;
  checkpoint: Checkpoint;
  /** Whether it lies in the store like that, in its present life too. */
  isSaved: boolean;
}

/** Partitions that were taken over together. */
interface Tenure {
  readonly life: string;
  /** When it began, ns since 1970. */
  readonly beganNs: bigint;
  readonly held: Map<number, Held>;
  reached: LanePlaces;
  /** Where each lane ended when its reader began, as soon as the reader knows. */
  ends: Partial<LanePlaces>;
}

/** What a take-over begins with. */
export interface TakeOver {
  /** Its number: {@link LogMessage.tenure} of what is read for it. */
  readonly tenure: number;
  /** Where to read each lane from: the first message wanted is the next one. */
  readonly from: LanePlaces;
  /** The most that one of its partitions misses. */
  readonly missed: MissedMessages;
  /** Whether the store was started again since a last checkpoint, so that what was committed before is written again. */
  readonly isReplay: boolean;
}

/** See the head of this file. */
export class Tenures {
  readonly #tenures = new Map<number, Tenure>();
  readonly #byPartition = new Map<number, Tenure>();
  #takenOver = 0;

  /** Partitions held. */
  get count(): number {
    return this.#byPartition.size;
  }

  /** Takes over partitions with the checkpoint that the store has of each, in the store's present life. */
  take(
    known: ReadonlyMap<number, Checkpoint | undefined>,
    { life, log, beganNs }: { life: string; log: LogExtent; beganNs: bigint },
  ): TakeOver {
    const held = new Map([...known].map(([partition, stored]): [number, Held] => {
      const checkpoint = isWithin(stored, log) ? stored : undefined;
      // Within one life the store forgets nothing that it has shown.
      const plan = replayPlanOf(checkpoint, checkpoint?.life === life ? 0 : replayWindowMs);
      const present = { partition, log: log.id, life, places: checkpoint?.places ?? [] };
      const isSaved = checkpoint?.life === life;
      return [partition, { plan, logEnd: log.last, doubtfulTo: isSaved ? 0 : log.last, checkpoint: present, isSaved }];
    }));
    const plans = [...held.values()].map(({ plan }) => plan);
    const from = lanes((lane) => Math.min(...plans.map((plan) => plan.from[lane])));
    const tenure = { life, beganNs, held, reached: from, ends: {} };
    const number = ++this.#takenOver;
    this.#tenures.set(number, tenure);
    for (const partition of held.keys()) this.#byPartition.set(partition, tenure);
    const missed = plans.map((plan) => missedOf(plan, log));
    return {
      tenure: number,
      from,
      missed: {
        replay: Math.max(...missed.map(({ replay }) => replay)),
        unread: Math.max(...missed.map(({ unread }) => unread)),
      },
      isReplay: plans.some(hasReplay),
    };
  }

  /** Gives up partitions, or notes that they are lost. */
  leave(partitions: readonly number[]): void {
    for (const partition of partitions) {
      this.#byPartition.get(partition)?.held.delete(partition);
      this.#byPartition.delete(partition);
    }
    for (const [number, { held }] of this.#tenures) if (held.size === 0) this.#tenures.delete(number);
  }

  /** Partitions that were taken over in another life of the store. */
  heldBefore(life: string): number[] {
    return [...this.#byPartition].filter(([, tenure]) => tenure.life !== life).map(([partition]) => partition);
  }

  isWanted({ tenure, place }: LogMessage): boolean {
    const held = this.#tenures.get(tenure)?.held.get(place.partition);
    return held !== undefined && place.sequence > held.plan.from[place.lane];
  }

  /** Whether the message had its verdict in another life of the store. */
  isReplayed({ partition, lane, sequence }: Place): boolean {
    const plan = this.#byPartition.get(partition)?.held.get(partition)?.plan;
    return plan !== undefined && sequence <= plan.committedTo[lane];
  }

  /**
   * Whether the ledger cannot be trusted on what it says of the message: behind the last place that was written down the store
   * may have kept a ledger's line and lost the rows.
   */
  isDoubtful({ partition, sequence }: Place): boolean {
    return sequence <= (this.#byPartition.get(partition)?.held.get(partition)?.doubtfulTo ?? 0);
  }

  /** Whether the message lay in the log at the take-over, so that a former owner may have worked it. */
  isFromBefore({ partition, sequence }: Place): boolean {
    return sequence <= (this.#byPartition.get(partition)?.held.get(partition)?.logEnd ?? 0);
  }

  /** Place behind which all lies that is read for the partitions held. */
  get oldestRead(): number {
    const plans = [...this.#tenures.values()].flatMap(({ held }) => [...held.values()]);
    return Math.min(...plans.flatMap(({ plan: { from } }) => [from.live, from.backfill]));
  }

  /** A lane ended at a place when its reader began; what comes behind was published later. */
  handleLaneEnd(number: number, { lane, sequence }: Pick<Place, "lane" | "sequence">): void {
    const tenure = this.#tenures.get(number);
    if (tenure === undefined) return;
    tenure.ends = { [lane]: sequence, ...tenure.ends };
    endReplay(tenure, lane);
  }

  /** These messages have their verdicts, or wait. */
  reach(messages: readonly LogMessage[]): void {
    for (const { tenure: number, place: { lane, sequence } } of messages) {
      const tenure = this.#tenures.get(number);
      if (tenure === undefined || sequence <= tenure.reached[lane]) continue;
      tenure.reached = { ...tenure.reached, [lane]: sequence };
      endReplay(tenure, lane);
    }
  }

  /**
   * When a partition's tenure began, if all that lay in the log then is worked through; else 0: what the ledger lacks may lie
   * in the log, and no vehicle is asked for it.
   */
  comparedBy(partition: number): bigint {
    const tenure = this.#byPartition.get(partition);
    return tenure !== undefined && hasReadAll(tenure) ? tenure.beganNs : 0n;
  }

  /** The tenures of which {@link comparedBy} is not 0. */
  comparing(): { beganNs: bigint; partitions: number[] }[] {
    return [...this.#tenures.values()].filter(hasReadAll)
      .map(({ beganNs, held }) => ({ beganNs, partitions: [...held.keys()] }));
  }

  /** How far a partition is worked through; undefined for one that is not held. */
  passed(partition: number, waiting: readonly Place[]): LanePlaces | undefined {
    const tenure = this.#byPartition.get(partition);
    return tenure && passedOf(tenure.reached, waiting.filter((place) => tenure.held.has(place.partition)));
  }

  /** Checkpoints with a new place, of the partitions that are held in this life of the store. */
  due({ atNs, life }: { atNs: bigint; life: string }, waiting: readonly Place[]): Checkpoint[] {
    return [...this.#tenures.values()].filter((tenure) => tenure.life === life).flatMap((tenure) => {
      const passed = passedOf(tenure.reached, waiting.filter((place) => tenure.held.has(place.partition)));
      return [...tenure.held.values()].filter(({ plan, checkpoint, isSaved }) => {
        const newest = checkpoint.places.at(-1);
        const isNew = !isSaved || newest?.live !== passed.live || newest.backfill !== passed.backfill;
        return isNew && passed.live >= plan.committedTo.live && passed.backfill >= plan.committedTo.backfill;
      }).map(({ checkpoint }) => extendCheckpoint(checkpoint, { atNs, ...passed }));
    });
  }

  /** A checkpoint that was due lies in the store. */
  handleSaved(checkpoint: Checkpoint): void {
    const held = this.#byPartition.get(checkpoint.partition)?.held.get(checkpoint.partition);
    if (held === undefined) return;
    held.checkpoint = checkpoint;
    held.isSaved = true;
  }
}

function hasReadAll({ reached, ends }: Tenure): boolean {
  return reached.live >= (ends.live ?? Infinity) && reached.backfill >= (ends.backfill ?? Infinity);
}

/** A lane that was read to where it ended has no more to replay, even if others' messages had carried its place further. */
function endReplay(tenure: Tenure, lane: TelemetryLane): void {
  const end = tenure.ends[lane];
  if (end === undefined || tenure.reached[lane] < end) return;
  const committedTo = [...tenure.held.values()].map(({ plan }) => plan.committedTo[lane]);
  tenure.reached = { ...tenure.reached, [lane]: Math.max(tenure.reached[lane], ...committedTo) };
}

function hasReplay({ from, committedTo }: ReplayPlan): boolean {
  return from.live < committedTo.live || from.backfill < committedTo.backfill;
}

function lanes(placeOf: (lane: TelemetryLane) => number): LanePlaces {
  return { live: placeOf("live"), backfill: placeOf("backfill") };
}
