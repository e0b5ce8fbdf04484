/**
 * The store's port: rows and the bookkeeping about them. Ingest writes through {@link Store}, the query service reads
 * through {@link StoreReader}; SQLite and QuestDB stand behind both and pass the same suite.
 *
 * Sources: protocol.md section 4 (6 to 8) for what a verdict promises; `mapping.ts` for how values become columns.
 */
import type { VehicleId } from "#proto/ids.ts";
import type { Checkpoint } from "./checkpoint.ts";
import type { LedgerEntry } from "./ledger_entry.ts";
import type {
  KeptAside,
  QuarantineCountPage,
  QuarantineCountQuery,
  QuarantineEntry,
  QuarantinePage,
  QuarantineQuery,
} from "./quarantine_entry.ts";
import type { Comparison, LatestRow, RowBlock, RowPage, RowQuery, WriteOutcome } from "./rows.ts";
import type { StreamInfo } from "./stream_info.ts";
import type { AccountPage, AccountQuery, VehicleAccount } from "./vehicle_account.ts";

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
  /** Compares records with what is stored under their keys: one answer for each block, in their order. */
  compare(blocks: readonly RowBlock[]): Promise<Comparison[]>;
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
