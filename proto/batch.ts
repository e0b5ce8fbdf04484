/**
 * Batches: many records of one epoch and class on the wire, column by column. Source: protocol.md section 4.3.
 *
 * `bytes` are always a whole batch: the header, laid out in `batch/header.ts`, and the body, in `batch/body.ts`.
 */
import { ok } from "node:assert/strict";
import { readBody, type ShapeLookup } from "./batch/body_reader.ts";
import { BodyWriter } from "./batch/body_writer.ts";
import type { DecodedBatch } from "./batch/column.ts";
import { batchHeaderBytes, batchVersion, isBatchIntact, readBatchHeader, writeBatchHeader } from "./batch/header.ts";
import { packBody, unpackBody } from "./batch/packing.ts";
import type { ClassNumber } from "./class.ts";
import { Fault } from "./errors.ts";
import type { Epoch } from "./ids.ts";
import { batchBytesMax, batchColumnsMax, batchRecordsMax, batchUnpackedBytesMax, batchValuesMax } from "./limits.ts";
import type { FrameRecord } from "./shape.ts";

export type { ShapeLookup } from "./batch/body_reader.ts";
export { type Block, type Column, type DecodedBatch, presenceStates } from "./batch/column.ts";
export { type BatchHeader, batchHeaderBytes, readBatchHeader } from "./batch/header.ts";
export { recordsOf } from "./batch/records.ts";
export { recordBytes } from "./record.ts";

/** What a batch says of its records as a whole. */
export interface BatchOptions {
  readonly epoch: Epoch;
  readonly class: ClassNumber;
  /** The epoch's fixed clock offset. */
  readonly clockOffsetNs: bigint;
  /** Whether zstd may be tried on the body; default true. Small bodies and what does not shrink stay as they are. */
  readonly compress?: boolean;
}

/** Encodes batches one after another, reusing its buffers. */
export interface BatchEncoder {
  /** As {@link encodeBatch}. The bytes are fresh: the caller may keep them. */
  encode(records: readonly FrameRecord[], options: BatchOptions): Uint8Array;
}

/** Makes an encoder with buffers of its own, for whoever encodes many batches. */
export function createBatchEncoder(): BatchEncoder {
  const body = new BodyWriter();
  return { encode: (records, options) => encodeWith(body, records, options) };
}

/**
 * Encodes a contiguous, rising run of 1 to `batchRecordsMax` records. Throws `too_large` when the result would pass a
 * limit of batches; records whose `recordBytes` sum up to `batchBytesMax` always fit.
 */
export function encodeBatch(records: readonly FrameRecord[], options: BatchOptions): Uint8Array {
  return createBatchEncoder().encode(records, options);
}

/** Decodes a whole batch. Throws `bad_batch`, or `unknown_shape` when the lookup has none. Any bytes are safe. */
export function decodeBatch(bytes: Uint8Array, lookup: ShapeLookup): DecodedBatch {
  const header = readBatchHeader(bytes);
  if (!isBatchIntact(bytes)) {
    throw new Fault("bad_batch", `Cannot read batch of ${bytes.length} bytes: CRC does not match`);
  }
  const packed = bytes.subarray(batchHeaderBytes);
  const body = header.compression === "zstd" ? unpackBody(packed, header.unpackedBytes) : packed;
  return { header, blocks: readBody(body, { header, lookup }) };
}

function encodeWith(writer: BodyWriter, records: readonly FrameRecord[], options: BatchOptions): Uint8Array {
  ok(records.length >= 1 && records.length <= batchRecordsMax, `${records.length} records make a batch`);
  writer.write(records);
  const body = writer.out.bytes.subarray(0, writer.out.length);
  const packed = options.compress === false ? undefined : packBody(body);
  const sent = packed ?? body;
  if (sent.length > batchBytesMax) throw tooLarge(records, `${sent.length} bytes, at most ${batchBytesMax} can be`);
  const { columns, values } = writer.size;
  if (body.length > batchUnpackedBytesMax || columns > batchColumnsMax || values > batchValuesMax) {
    throw tooLarge(records, `${body.length} bytes, ${columns} columns and ${values} values when unpacked`);
  }
  const batch = new Uint8Array(batchHeaderBytes + sent.length);
  batch.set(sent, batchHeaderBytes);
  writeBatchHeader(batch, {
    version: batchVersion,
    class: options.class,
    compression: packed === undefined ? "none" : "zstd",
    epoch: options.epoch,
    clockOffsetNs: options.clockOffsetNs,
    first: records[0].seq,
    last: records[records.length - 1].seq,
    count: records.length,
    bodyBytes: sent.length,
    unpackedBytes: body.length,
  });
  return batch;
}

function tooLarge(records: readonly FrameRecord[], problem: string): Fault {
  return new Fault("too_large", `Cannot encode batch of ${records.length} records: ${problem}`);
}
