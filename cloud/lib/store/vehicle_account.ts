/** One vehicle's lines of the ledger in figures, and the causes by which missing seqs are counted. */
import type { Epoch, RelayName, VehicleId } from "#proto/ids.ts";

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
