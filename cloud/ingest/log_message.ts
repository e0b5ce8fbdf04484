/** What ingest takes from the log and what it makes of one message. */
import type { BatchHeader, Block } from "#proto/batch.ts";
import type { RelayName, VehicleId } from "#proto/ids.ts";
import type { TelemetryLane } from "#proto/class.ts";
import type { Fault } from "#proto/errors.ts";

/** Where a message lies in the log. */
export interface Place {
  readonly lane: TelemetryLane;
  readonly partition: number;
  /** The log's own number of the message; rises over all lanes and partitions. */
  readonly sequence: number;
}

/** One message of `tel.v1.<lane>.<partition>`. */
export interface LogMessage {
  readonly place: Place;
  /** For which take-over of its partition it was read. */
  readonly tenure: number;
  /** When the log took it, ns since 1970. */
  readonly placedAtNs: bigint;
  readonly bytes: Uint8Array;
}

/** Who brought something, by its relay header. */
export interface BroughtBy {
  readonly vehicle: VehicleId;
  readonly relay: RelayName;
  readonly shard: number;
  /** The session's id. */
  readonly session: Uint8Array;
  /** Nanoseconds since 1970 at the relay. */
  readonly receivedAtNs: bigint;
}

/** One batch out of a message. */
export interface Delivery {
  readonly place: Place;
  /** Which item of the message, from 0. */
  readonly item: number;
  readonly relay: BroughtBy;
  /** When the relay took it, ns since 1970; when the log did, if the relay says what cannot be. */
  readonly receivedAtNs: bigint;
  readonly header: BatchHeader;
  /** The whole batch as it came, for quarantine. */
  readonly bytes: Uint8Array;
  readonly content: Content;
}

/** Decoded blocks, or why there are none. */
export type Content = { readonly blocks: readonly Block[] } | { readonly fault: Fault };
