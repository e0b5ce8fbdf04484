/** Rows: blocks of them as they are written, and what a query gets of them. */
import type { Block } from "#proto/batch.ts";
import type { Class } from "#proto/class.ts";
import type { Epoch, StreamName, VehicleId } from "#proto/ids.ts";
import type { JsonValue } from "#proto/json.ts";
import type { Ranges } from "#proto/ranges.ts";

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

/** How a block's records that come again compare with what is stored. Both sets together are its seqs. */
export interface Comparison {
  /** Stored with the same time, stream and values. */
  readonly same: Ranges;
  /** Stored otherwise, or not at all. */
  readonly different: Ranges;
  /** Of the different ones those whose seq the stream does not have near the block's times. */
  readonly missing: Ranges;
  /** What is stored in the place of the different ones; of some that may be nothing. */
  readonly stored: readonly StreamRow[];
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
