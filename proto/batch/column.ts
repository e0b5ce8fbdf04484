/** A decoded batch: columns of typed arrays by shape, ready for a columnar store. */
import type { Field, Shape } from "../shape.ts";
import type { BatchHeader } from "./header.ts";

/** What {@link Column.presence} holds per row: the frame lacked the field, carried a null, or carried a value. */
export const presenceStates = { missing: 0, null: 1, value: 2 } as const;

/**
 * Values of one column, dense by row, by the field's type: bool -> Uint8Array of 0 and 1, f64 -> Float64Array, i64 ->
 * BigInt64Array, str and json -> string[], f64s -> Float64Array[]. Rows without a value hold a filler that means nothing.
 * Undefined when no row has a value.
 */
export type ColumnValues = Uint8Array | Float64Array | BigInt64Array | string[] | Float64Array[] | undefined;

/** One field of a block. Read only: columns may share their presence. */
export interface Column {
  readonly field: Field;
  /** Per row one of {@link presenceStates}. */
  readonly presence: Uint8Array;
  readonly values: ColumnValues;
}

/** The rows of one shape, in rising order of seq. */
export interface Block {
  readonly shape: Shape;
  /** Per row. */
  readonly seqs: Float64Array;
  /** Per row: nanoseconds since 1970 as the vehicle recorded them; the header's clock offset is not added. */
  readonly ts: BigInt64Array;
  /** By place in `shape.fields`. */
  readonly columns: readonly Column[];
}

/** A whole batch. Every seq from `header.first` to `header.last` is in exactly one block. */
export interface DecodedBatch {
  readonly header: BatchHeader;
  readonly blocks: readonly Block[];
}
