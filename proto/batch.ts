/**
 * Batches: many records of one epoch and class on the wire, column by column. Source: protocol.md section 4.3.
 *
 * `bytes` are always a whole batch: header and body.
 */
import type { ClassNumber } from "./class.ts";
import type { Epoch } from "./ids.ts";
import type { DecodedBatch } from "./batch/column.ts";
import type { FrameRecord, Shape, ShapeHash } from "./shape.ts";

export { type BatchHeader, batchHeaderBytes, readBatchHeader } from "./batch/header.ts";
export { type Block, type Column, type DecodedBatch, presenceStates } from "./batch/column.ts";

/** What a batch says of its records as a whole. */
export interface BatchOptions {
  readonly epoch: Epoch;
  readonly class: ClassNumber;
  /** The epoch's fixed clock offset. */
  readonly clockOffsetNs: bigint;
  /** Whether zstd may be tried on the body; default true. Small bodies and what does not shrink stay as they are. */
  readonly compress?: boolean;
}

/** Encodes batches one after another, reusing its buffers. Not to be shared between interleaved calls. */
export interface BatchEncoder {
  /** As {@link encodeBatch}. The bytes are fresh: the caller may keep them. */
  encode(records: readonly FrameRecord[], options: BatchOptions): Uint8Array;
}

/** Finds a shape by its hash. */
export type ShapeLookup = (hash: ShapeHash) => Shape | undefined;

/** Makes an encoder with buffers of its own. */
export function createBatchEncoder(): BatchEncoder {
  return { encode: (_records, _options) => fail() };
}

/**
 * Encodes a contiguous, rising run of 1 to `batchRecordsMax` records. Throws `too_large` when the result would pass the
 * limits of a batch: the sum of {@link recordBytes} of the records below `batchBytesMax` always fits.
 */
export function encodeBatch(_records: readonly FrameRecord[], _options: BatchOptions): Uint8Array {
  return fail();
}

/** Decodes a whole batch. Throws `bad_batch`, or `unknown_shape` when the lookup has none. Any bytes are safe. */
export function decodeBatch(_bytes: Uint8Array, _lookup: ShapeLookup): DecodedBatch {
  return fail();
}

/** The records of a batch in order of seq, as they were encoded. */
export function recordsOf(_batch: DecodedBatch): FrameRecord[] {
  return fail();
}

/** Upper bound of what a record takes in a batch's body and in the ring, in bytes, its share of a block included. */
export function recordBytes(_record: FrameRecord): number {
  return fail();
}

function fail(): never {
  throw new Error("to be written");
}
