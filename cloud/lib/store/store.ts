/**
 * The store's port: rows and the bookkeeping about them. Ingest writes through {@link Store}, the query service reads
 * through {@link StoreReader}; SQLite and QuestDB stand behind both and pass the same suite.
 *
 * Sources: protocol.md section 4 (6 to 8) for what a verdict promises; `mapping.ts` for how values become columns.
 */
import type { Block } from "#proto/batch.ts";
import type { Class, TelemetryLane } from "#proto/class.ts";
import type { Epoch, RelayName, StreamName, VehicleId } from "#proto/ids.ts";
import type { JsonValue } from "#proto/json.ts";
import type { Range, Ranges } from "#proto/ranges.ts";
import type { FieldType } from "#proto/shape.ts";

/** Records of one vehicle, epoch, class and shape, column by column, as they were decoded. */
export interface RowBlock {
  readonly vehicle: VehicleId;
  readonly epoch: Epoch;
  readonly class: Class;
  /** Added to every time of the block before it is stored: `BatchHeader.clockOffsetNs`. */
  readonly clockOffsetNs: bigint;
  readonly block: Block;
}

/** What became of a {@link Store.write}. */
export interface WriteOutcome {
  /**
   * Streams whose table is suspended: the store took their rows and does not show them, so they have no verdict yet.
   * The rows of all other streams are committed and queryable.
   */
  readonly suspended: readonly StreamName[];
}

/** How records that come again compare with what is stored. Both sets together are the seqs of the blocks. */
export interface Comparison {
  /** Stored with the same time, stream and values. */
  readonly same: Ranges;
  /** Stored otherwise, or not at all. */
  readonly different: Ranges;
}

/** Why a vehicle will never send some seqs: `cause` of its gap records. */
export const gapCauses = ["overwritten", "disk_lost", "damaged", "refused"] as const;
/** One of {@link gapCauses}. */
export type GapCause = typeof gapCauses[number];

/** Seqs that a gap record names. */
export interface Gap extends Range {
  readonly cause: GapCause;
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
  readonly gaps: readonly Gap[];
}

/** A place in the log up to which one partition's messages all had their verdict at some time. */
export interface CommittedPlace {
  readonly atNs: bigint;
  readonly live: number;
  readonly backfill: number;
}

/** Where a partition's owner may start to replay, oldest first. */
export interface Checkpoint {
  readonly partition: number;
  readonly places: readonly CommittedPlace[];
}

/** A batch that was kept aside, whole. */
export interface QuarantineEntry {
  readonly vehicle: VehicleId;
  readonly epoch: Epoch;
  readonly class: Class;
  readonly first: number;
  readonly last: number;
  /** A code of `proto/errors.ts`, or `different_body` for a repeat that does not equal what is stored. */
  readonly code: string;
  /** For people. */
  readonly reason: string;
  /** Where it stands in the log: `item` counts what one message holds, from 0. */
  readonly place: {
    readonly lane: TelemetryLane;
    readonly partition: number;
    readonly sequence: number;
    readonly item: number;
  };
  readonly relay: RelayName;
  /**
   * When the relay took the batch, or the log if it names no relay; with the vehicle, epoch, class, range
   * and place it identifies the entry.
   */
  readonly receivedAtNs: bigint;
  readonly batch: Uint8Array;
}

/** Part of what was kept aside of a vehicle. */
export interface QuarantineQuery {
  /** Entries behind the one with this id only; see `quarantineId`. */
  readonly after?: string;
  /** At most so many, from 1 to `quarantinePageMax`. */
  readonly limit: number;
}

/** Answer to a {@link QuarantineQuery}. */
export interface QuarantinePage {
  /** Oldest first. */
  readonly entries: readonly QuarantineEntry[];
  readonly more: boolean;
}

/** Place of a row in its stream's order: by time, then by identity. */
export interface RowKey {
  readonly ts: bigint;
  readonly epoch: Epoch;
  readonly class: Class;
  readonly seq: number;
}

/** One stored frame. */
export interface Row extends RowKey {
  readonly vehicle: VehicleId;
  /** By field name. A field that the stream has and this frame lacked is null. */
  readonly values: Readonly<Record<string, JsonValue>>;
}

/** Rows of one vehicle and stream. */
export interface RowQuery {
  readonly vehicle: VehicleId;
  readonly stream: StreamName;
  /** Names of the fields wanted; without it all that the stream ever had. */
  readonly fields?: readonly string[];
  /** First and last time, ns since 1970, both included. */
  readonly fromNs?: bigint;
  readonly toNs?: bigint;
  /** Default `ascending`. */
  readonly order?: "ascending" | "descending";
  /** Rows behind this one only, in the order asked for. */
  readonly after?: RowKey;
  /** At most so many rows, from 1 to `pageRowsMax`. */
  readonly limit: number;
}

/** Part of the answer to a {@link RowQuery}. */
export interface RowPage {
  /** Names of the fields that every row has, in the order of their appearance in the stream. */
  readonly fields: readonly string[];
  readonly rows: readonly Row[];
  /** Whether there are rows behind the last one. */
  readonly more: boolean;
}

/** A stream's newest row of one vehicle. */
export interface LatestRow {
  readonly stream: StreamName;
  /** As in {@link RowPage}. */
  readonly fields: readonly string[];
  readonly row: Row;
}

/** A stream as the store knows it. */
export interface StreamInfo {
  readonly stream: StreamName;
  /** Name of its table in the store. */
  readonly table: string;
  readonly fields: readonly FieldInfo[];
}

/** A field as the store knows it. */
export interface FieldInfo {
  readonly field: string;
  /** `null` while only nulls were seen; `overflow` when it has no column of its own. */
  readonly type: FieldType | "overflow";
  /** Values that did not fit their column and lie in the overflow column. Repeats may be counted twice. */
  readonly overflowed: number;
}

/** The reading half. Every call rejects with Fault `store_failed` when the store does not answer. */
export interface StoreReader {
  /** Resolves when the store answers. */
  check(): Promise<void>;
  /** All streams, by name. */
  streams(): Promise<StreamInfo[]>;
  /** Rejects with `not_found` for a stream never seen and `bad_query` for a field never seen. */
  rows(query: RowQuery): Promise<RowPage>;
  /** The vehicle's newest row of each stream that it has rows in, by name of the stream. */
  latest(vehicle: VehicleId): Promise<LatestRow[]>;
  /** All that is known of a vehicle's epochs, oldest first; empty for a vehicle never seen. */
  ledger(vehicle: VehicleId): Promise<LedgerEntry[]>;
  /** What was kept aside of a vehicle. Rejects with `bad_query` for an `after` that is no id of an entry. */
  quarantined(vehicle: VehicleId, query: QuarantineQuery): Promise<QuarantinePage>;
  /** One entry by its id. Rejects with `not_found`. */
  quarantinedOne(vehicle: VehicleId, id: string): Promise<QuarantineEntry>;
  close(): Promise<void>;
}

/** Both halves. One writer per store: it keeps the catalog in memory. */
export interface Store extends StoreReader {
  /**
   * Stores the rows and resolves when they are committed and queryable in every table touched, or named as suspended.
   * Harmless to repeat: rows are keyed by (ts, vehicle, epoch, class, seq). A different body under a stored key must
   * be found by {@link compare} before; which of the two wins here is the store's choice.
   * Rejects with `store_failed` when it is not known what was stored: repeat it; with `bad_batch`, nothing stored, when
   * a row's time lies outside of `storedNsMin` to `storedNsMax`.
   */
  write(blocks: readonly RowBlock[]): Promise<WriteOutcome>;
  /** Compares records with what is stored under their keys. All blocks must be of one vehicle, epoch and class. */
  compare(blocks: readonly RowBlock[]): Promise<Comparison>;
  /** Replaces the entries of the same vehicle, epoch, class and since. */
  saveLedger(entries: readonly LedgerEntry[]): Promise<void>;
  saveCheckpoint(checkpoint: Checkpoint): Promise<void>;
  /** The partition's last checkpoint, or undefined. */
  checkpoint(partition: number): Promise<Checkpoint | undefined>;
  /** Keeps a batch aside, durably. Repeating an entry keeps one. */
  quarantine(entry: QuarantineEntry): Promise<void>;
}
