/** What was kept aside: entries, and how they are asked for and counted. */
import type { Class, TelemetryLane } from "#proto/class.ts";
import type { Epoch, RelayName, VehicleId } from "#proto/ids.ts";
import type { Ranges } from "#proto/ranges.ts";

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
