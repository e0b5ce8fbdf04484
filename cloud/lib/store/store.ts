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
  /** Of the different ones those whose seq the stream does not have in the blocks' span of times. */
  readonly missing: Ranges;
  /** What is stored in the place of the different ones; of some that may be nothing. */
  readonly stored: readonly StreamRow[];
}

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

/**
 * Why seqs are missing, the surest first. `still_on_board` holds until the vehicle has the verdict, so it includes what is on its
 * way; `in_flight` waits for a table of the store.
 */
export const missingCauses = [
  "quarantined",
  "in_flight",
  "overwritten",
  "refused",
  "still_on_board",
  "vehicle_disk_lost",
  "unknown",
] as const;
/** One of {@link missingCauses}. */
export type MissingCause = typeof missingCauses[number];

/** Counts of seqs: `expected` is `stored` and all of `missing`. */
export interface SeqCounts {
  readonly expected: number;
  readonly stored: number;
  readonly missing: Readonly<Record<MissingCause, number>>;
}

/** The vehicle's own word on what is on board: its last inventory. The ranges stand in the ledger's lines. */
export interface Statement {
  /** When the partition's owner took it, ns since 1970. */
  readonly atNs: bigint;
  readonly relay: RelayName;
  /** Hex. */
  readonly session: string;
  /** The epochs on board, oldest first. */
  readonly epochs: readonly Epoch[];
  /** Whether there may be more on board than it had room for. */
  readonly isCut: boolean;
}

/** One vehicle's lines in figures, as its partition's owner last wrote them. */
export interface VehicleAccount {
  readonly vehicle: VehicleId;
  /** When the owner last had word of the vehicle: a batch or an inventory. Ns since 1970. */
  readonly heardNs: bigint;
  readonly statement: Statement | undefined;
  readonly counts: SeqCounts;
  /** Epochs that more than one other goes on from. */
  readonly forks: number;
  /** The oldest missing range that is still to come, and since when it is the oldest; undefined when nothing is to come. */
  readonly waiting: { readonly first: string; readonly sinceNs: bigint } | undefined;
}

/** Part of the accounts of all vehicles. */
export interface AccountQuery {
  /** Vehicles behind this one only. */
  readonly after?: VehicleId;
  /** At most so many, from 1 to `accountPageMax`. */
  readonly limit: number;
}

/** Answer to an {@link AccountQuery}. */
export interface AccountPage {
  /** By id. */
  readonly accounts: readonly VehicleAccount[];
  readonly more: boolean;
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
  /** The log that the places are of; another one begins anew at 1. */
  readonly log: string;
  /** {@link Store.life} of the database while all of this was written. */
  readonly life: string;
  readonly places: readonly CommittedPlace[];
}

/** What became of a batch that was kept aside: nothing yet, stored by a later try, or given up by somebody. */
export const quarantineStates = ["kept", "retried", "dropped"] as const;
/** One of {@link quarantineStates}. */
export type QuarantineState = typeof quarantineStates[number];

/** What is known of a batch that was kept aside. Its bytes lie beside it. */
export interface QuarantineEntry {
  readonly vehicle: VehicleId;
  readonly epoch: Epoch;
  readonly class: Class;
  /** What of the batch is meant: without a row of its own, or other than its row. None when the batch names none. */
  readonly ranges: Ranges;
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
   * When the relay took the batch, or the log if it names no relay; with the vehicle, epoch, class, span of the ranges
   * and place it identifies the entry.
   */
  readonly receivedAtNs: bigint;
  /** Size of the batch as it came. */
  readonly bytes: number;
  readonly state: QuarantineState;
  /** How often it was retried. */
  readonly tries: number;
  /** When it was retried or dropped last, ns since 1970; 0 when it never was. */
  readonly decidedAtNs: bigint;
}

/** An entry and its bytes; without them, those that are kept already stay. */
export interface KeptAside {
  readonly entry: QuarantineEntry;
  readonly batch?: Uint8Array;
}

/** Part of what was kept aside of a vehicle. */
export interface QuarantineQuery {
  /** Entries behind the one with this id only; see `quarantineId`. */
  readonly after?: string;
  /** Only entries that have this code. */
  readonly code?: string;
  /** Only entries in this state. */
  readonly state?: QuarantineState;
  /** Only entries of messages behind this one of the log. */
  readonly behind?: number;
  /** At most so many, from 1 to `quarantinePageMax`. */
  readonly limit: number;
}

/** Answer to a {@link QuarantineQuery}. */
export interface QuarantinePage {
  /** Oldest first. */
  readonly entries: readonly QuarantineEntry[];
  readonly more: boolean;
}

/** How many entries of a vehicle have a code and are in a state. */
export interface QuarantineCount {
  readonly vehicle: VehicleId;
  readonly code: string;
  readonly state: QuarantineState;
  readonly count: number;
}

/** Part of what was kept aside of all vehicles, counted. */
export interface QuarantineCountQuery {
  /** Counts behind this one only. */
  readonly after?: Omit<QuarantineCount, "count">;
  /** At most so many, from 1 to `quarantineCountsMax`. */
  readonly limit: number;
}

/** Answer to a {@link QuarantineCountQuery}. */
export interface QuarantineCountPage {
  /** By vehicle, code and state. */
  readonly counts: readonly QuarantineCount[];
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

/** A row and the stream that it is of. */
export interface StreamRow {
  readonly stream: StreamName;
  readonly row: Row;
}

/** A stream's newest row of one vehicle. */
export interface LatestRow extends StreamRow {
  /** As in {@link RowPage}. */
  readonly fields: readonly string[];
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
  /** The vehicle's account; undefined for a vehicle never heard. */
  account(vehicle: VehicleId): Promise<VehicleAccount | undefined>;
  accounts(query: AccountQuery): Promise<AccountPage>;
  /** What was kept aside of a vehicle. Rejects with `bad_query` for an `after` that is no id of an entry. */
  quarantined(vehicle: VehicleId, query: QuarantineQuery): Promise<QuarantinePage>;
  /** One entry by its id. Rejects with `not_found`. */
  quarantinedOne(vehicle: VehicleId, id: string): Promise<QuarantineEntry>;
  /** Its bytes, none any more when it was dropped. Rejects with `not_found`. */
  quarantinedBatch(vehicle: VehicleId, id: string): Promise<Uint8Array>;
  /** What was kept aside of all vehicles, counted. */
  quarantineCounts(query: QuarantineCountQuery): Promise<QuarantineCountPage>;
  close(): Promise<void>;
}

/** Both halves. Several processes may write to one database, each in an edition of its own: see `editions.ts`. */
export interface Store extends StoreReader {
  /**
   * Names one life of the database: another name says that it was started again, and what it had taken shortly before may be
   * gone if its machine lost power. Always the same where a commit is on disk when it resolves.
   */
  life(): Promise<string>;
  /**
   * Stores the rows and resolves when they are committed and queryable in every table touched, or named as suspended.
   * Harmless to repeat: rows are keyed by (ts, vehicle, epoch, class, seq). A different body under a stored key must
   * be found by {@link compare} before; which of the two wins here is the store's choice.
   * Rejects with `store_failed` when it is not known what was stored: repeat it; with `bad_batch`, nothing stored, when
   * a row's time lies outside of `storedNsMin` to `storedNsMax`. `aside` is kept by the same commit.
   */
  write(blocks: readonly RowBlock[], aside?: readonly KeptAside[]): Promise<WriteOutcome>;
  /** Compares records with what is stored under their keys. All blocks must be of one vehicle, epoch and class. */
  compare(blocks: readonly RowBlock[]): Promise<Comparison>;
  /**
   * Replaces this writer's own entries of the same vehicle, epoch, class and since, and the vehicles' accounts whoever wrote
   * them, all at once. Readers get the union of all writers' entries.
   */
  saveLedger(entries: readonly LedgerEntry[], accounts?: readonly VehicleAccount[]): Promise<void>;
  /** Replaces the checkpoints of their partitions, whoever wrote them. */
  saveCheckpoints(checkpoints: readonly Checkpoint[]): Promise<void>;
  /** The partition's last checkpoint, or undefined. */
  checkpoint(partition: number): Promise<Checkpoint | undefined>;
  /**
   * Keeps batches aside, durably, or changes what is known of those that are. Repeating an entry keeps one, as it came
   * last. Lines of the ledger go into the same commit.
   */
  quarantine(aside: readonly KeptAside[], ledger?: readonly LedgerEntry[]): Promise<void>;
  /** Writes something of no meaning: resolves when the store takes writes and not just answers. */
  probe(): Promise<void>;
}
