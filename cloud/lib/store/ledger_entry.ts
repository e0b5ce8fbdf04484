/** What the ledger knows of one vehicle, epoch and class. */
import type { Class } from "#proto/class.ts";
import type { Epoch, RelayName, VehicleId } from "#proto/ids.ts";
import { none, type Range, type Ranges } from "#proto/ranges.ts";

/**
 * Why a vehicle will never send some seqs: `cause` of its gap records. `refused`: its disk did not take them and their
 * callers were told so; `disk_lost`: the same, but callers had been told `buffered`; `damaged`: they were durable and cannot
 * be read any more.
 */
export const gapCauses = ["overwritten", "refused", "disk_lost", "damaged"] as const;
/** One of {@link gapCauses}. */
export type GapCause = typeof gapCauses[number];

/** Seqs that a gap record names. */
export interface Gap extends Range {
  readonly cause: GapCause;
}

/** Where rows of a span of seqs lie in time. The first and the last seq of the span are rows that were committed. */
export interface TimeMark extends Range {
  /** No committed row of the span is older or younger: ms since 1970, rounded outwards. */
  readonly fromMs: number;
  readonly toMs: number;
}

/** What relays told of the session that an epoch came through. */
export interface LinkEvidence {
  /** As the agent names itself; empty while it is not known. */
  readonly agentVersion: string;
  /**
   * Nanoseconds that the vehicle's wall clock was ahead of the relay's: as first measured in the session, and as last
   * noted, with when. Undefined before the first measurement.
   */
  readonly clockOffset: { readonly firstNs: bigint; readonly lastNs: bigint; readonly lastAtNs: bigint } | undefined;
}

/** What an epoch's first record says, and how it came: the evidence of one link of the vehicle's chain. */
export interface EpochOpening {
  /** The epoch that it goes on from; undefined for the first one of a disk. */
  readonly previous: Epoch | undefined;
  /** Highest durable seq of the previous epoch per class, on the disk that went on. */
  readonly lasts: Readonly<Record<Class, number>>;
  /** Why it was opened, such as `start`. */
  readonly reason: string;
  /** Random id of that start of the agent, hex. */
  readonly boot: string;
  /** Whether the kernel then said that its clock was right. */
  readonly clockSynchronized: boolean;
  /** Added to every time of the epoch: what its batches say. */
  readonly clockOffsetNs: bigint;
  /** Stored time of the record, ns since 1970. */
  readonly openedAtNs: bigint;
  /** When, through which relay and in which session (hex) it came first. */
  readonly receivedAtNs: bigint;
  readonly relay: RelayName;
  readonly session: string;
  readonly link?: LinkEvidence;
}

/** What is known of one vehicle's epoch and class. */
export interface LedgerEntry {
  readonly vehicle: VehicleId;
  readonly epoch: Epoch;
  readonly class: Class;
  /** When ingest first heard of it, ns since 1970; fixed for the life of the entry. */
  readonly sinceNs: bigint;
  /** Highest seq that the vehicle is known to have made durable; 0 for none. */
  readonly expected: number;
  readonly committed: Ranges;
  readonly quarantined: Ranges;
  /** Taken from the log, no verdict yet. */
  readonly inFlight: Ranges;
  /** Told by the vehicle's last inventory. */
  readonly onBoard: Ranges;
  /** Highest seq that this inventory speaks of: up to here, what is not in `onBoard` is not on board; 0 for none. */
  readonly onBoardTo: number;
  readonly gaps: readonly Gap[];
  /** Where the committed rows lie in time: rising, apart, at most `timeMarksMax`. */
  readonly marks: readonly TimeMark[];
  /** Only in the line of class `critical`, once the epoch's first record was committed. */
  readonly opening?: EpochOpening;
}

/** The entry of an epoch and class of which nothing is known yet but that there is one. */
export function emptyLedgerEntry(
  { vehicle, epoch, class: name }: Pick<LedgerEntry, "vehicle" | "epoch" | "class">,
  { sinceNs }: Pick<LedgerEntry, "sinceNs">,
): LedgerEntry {
  return {
    vehicle,
    epoch,
    class: name,
    sinceNs,
    expected: 0,
    committed: none,
    quarantined: none,
    inFlight: none,
    onBoard: none,
    onBoardTo: 0,
    gaps: [],
    marks: [],
  };
}
