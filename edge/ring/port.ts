/** The ring as the other parts of the agent see it. Source: protocol.md section 4 (Ring). */
import type { Class } from "#proto/class.ts";
import type { Fault } from "#proto/errors.ts";
import type { Epoch } from "#proto/ids.ts";
import type { Clock, Disk, Log, Random } from "#proto/ports.ts";
import type { Range, Ranges } from "#proto/ranges.ts";
import type { FrameRecord, Shape, Value } from "#proto/shape.ts";

/** What {@link openRing} needs. */
export interface RingOptions {
  /** The ring's directory, held exclusively. {@link Ring.close} releases it. */
  readonly disk: Disk;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Bytes that the ring's files together never pass. */
  readonly bytesMax: number;
  /** Size of one segment; by default a 64th of `bytesMax` within bounds. */
  readonly segmentBytes?: number;
  /** What a full ring does: give up its oldest records of the lowest class, or refuse new ones with `ring_full`. */
  readonly whenFull: "overwrite" | "refuse";
  /** Random id of this start of the agent; stands in every epoch's first record. */
  readonly boot: Uint8Array;
  /** Whether the kernel says now that its clock is right: then the first epoch's clock offset is fixed at 0. */
  readonly clockSynchronized: boolean;
  /** Called after each change that the uplink must know of; must not throw and must return at once. */
  readonly onEvent?: (event: RingEvent) => void;
}

/** News of the ring. */
export type RingEvent =
  /** These records are durable and can be read. */
  | { readonly kind: "appended"; readonly epoch: Epoch; readonly class: Class; readonly range: Range }
  /** These records can no longer be read (overwritten, damaged, refused by the disk); a gap record says so. */
  | { readonly kind: "lost"; readonly epoch: Epoch; readonly class: Class; readonly range: Range }
  /** A new epoch is open; its first record is durable or will be with the next append. */
  | { readonly kind: "epoch"; readonly epoch: Epoch; readonly reason: EpochReason };

/** Why an epoch was opened. */
export type EpochReason = "start" | "suspend" | "drift" | "cloud";

/** One frame as a caller gives it to the ring. */
export interface NewFrame {
  /** Nanoseconds since 1970, UTC. */
  readonly ts: bigint;
  readonly shape: Shape;
  /** By place in `shape.fields`. */
  readonly values: readonly Value[];
}

/** Where appended frames lie: `last - first + 1` frames, in the order given. */
export interface Place {
  readonly epoch: Epoch;
  readonly first: number;
  readonly last: number;
}

/** What {@link Ring.read} is asked for. */
export interface ReadRequest {
  readonly epoch: Epoch;
  readonly class: Class;
  readonly first: number;
  readonly last: number;
  /** Encoded bytes to stop at; one record is given even when it is larger. */
  readonly bytesMax: number;
}

/** What the ring holds of one epoch and class. */
export interface OnBoard {
  readonly epoch: Epoch;
  readonly class: Class;
  /** Readable and without a known verdict. */
  readonly unsettled: Ranges;
  /** Readable. */
  readonly held: Ranges;
  /** Highest seq that ever was durable; 0 for none. */
  readonly durable: number;
}

/** The ring in figures. */
export interface RingStats {
  /** Bytes of all files. */
  readonly bytesUsed: number;
  readonly bytesMax: number;
  /** Bytes of `bytesUsed` that a full ring would give back before it loses anything. */
  readonly bytesReclaimable: number;
  readonly segments: number;
  /** Time of the oldest record on board, nanoseconds since 1970, as the vehicle's clock then stood. */
  readonly oldestTs: bigint | undefined;
  /** Bytes a second that were appended of late. */
  readonly appendBytesPerSecond: number;
  /** How long the ring can take data at that rate before it is full of records without a verdict. */
  readonly coverMs: number | undefined;
  /** Why the disk does not take writes at present. */
  readonly fault: Fault | undefined;
}

/** An open ring. One owner per directory. */
export interface Ring {
  /** The epoch that new records belong to. */
  readonly epoch: Epoch;
  /** The vehicle's time in this epoch, nanoseconds since 1970: wall clock at its opening plus uptime since; never steps. */
  nowNs(): bigint;
  /** The same in an epoch that this start has opened, the present one or one before; undefined for any other. */
  nowIn(epoch: Epoch): bigint | undefined;
  /**
   * Makes frames durable and resolves then. What arrives while a sync is under way goes with the next one. Rejects with
   * `ring_full` (policy `refuse`, or nothing of this class or lower is left to overwrite), `disk_failed`, `disk_full`, `too_large`
   * (a frame that fits no segment), `bad_record` or `unavailable` (too much is waiting for the disk already).
   */
  append(className: Class, frames: readonly NewFrame[]): Promise<Place>;
  /**
   * The longest contiguous run from `first` within `bytesMax` that is at hand; may stop early, is empty only when `first`
   * is not held (any more). Rejects with `disk_failed`.
   */
  read(request: ReadRequest): Promise<FrameRecord[]>;
  /** Takes note of a verdict: the space may be used again when it is needed. Durable lazily: losing it means a resend. */
  settle(epoch: Epoch, className: Class, ranges: Ranges): void;
  /**
   * Takes verdicts back: from now on these are kept as if there had been none. Returns what of them is held, all of it to
   * be sent. Durable lazily: when a crash forgets it they count as settled, and whoever asked finds them so and asks again.
   */
  unsettle(epoch: Epoch, className: Class, ranges: Ranges): Ranges;
  /** What is held, oldest epoch first, classes in order. Pairs of which nothing is on board are left out. */
  onBoard(): OnBoard[];
  /** The epochs before this one, newest first, at most 16. */
  ancestors(): readonly Epoch[];
  /** Opens a new epoch after all appends so far. Resolves to it once its first record is durable, or the disk refused it. */
  openEpoch(reason: EpochReason, options?: { clockSynchronized?: boolean }): Promise<Epoch>;
  /** The clock offset of an epoch in nanoseconds, undefined while it is not fixed. */
  clockOffset(epoch: Epoch): bigint | undefined;
  /**
   * Fixes an epoch's clock offset, durably, once: resolves to what is fixed, which is the older value when there was
   * one. Rejects with `disk_failed`.
   */
  fixClockOffset(offsetNs: bigint, epoch?: Epoch): Promise<bigint>;
  stats(): RingStats;
  /** Commits what waits, makes verdicts durable, gives the directory free. */
  close(): Promise<void>;
}
