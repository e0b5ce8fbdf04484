/**
 * The fixed header of a batch: all that a relay needs. Source: protocol.md section 4.3.
 *
 *     offset  size  field                                                    little endian
 *          0     1  version (1)
 *          1     1  class (0 critical, 1 event, 2 normal, 3 bulk)
 *          2     1  compression of the body (0 none, 1 zstd)
 *          3     1  reserved (0)
 *          4     8  epoch
 *         12     8  clock offset of the epoch in nanoseconds, signed
 *         20     8  first seq
 *         28     8  last seq
 *         36     4  count of records: last - first + 1
 *         40     4  length of the body in bytes
 *         44     4  length of the body when unpacked
 *         48     4  CRC32C of the 48 bytes above and of the body
 */
import { ByteReader } from "../bytes.ts";
import { classes, type ClassNumber, isClassNumber } from "../class.ts";
import { crc32c } from "../crc32c.ts";
import type { Epoch } from "../ids.ts";
import { batchBytesMax, batchRecordsMax, batchUnpackedBytesMax } from "../limits.ts";

/** Length of the header. */
export const batchHeaderBytes = 52;
/** The version that is written, and the one that is read. */
export const batchVersion = 1;
const crcAt = 48;

/** How a body is packed; the place in the list is the number on the wire. */
const compressions = ["none", "zstd"] as const;
/** One of the compressions. */
export type Compression = typeof compressions[number];

/** What the header says. The body follows it directly. */
export interface BatchHeader {
  readonly version: typeof batchVersion;
  readonly class: ClassNumber;
  readonly compression: Compression;
  readonly epoch: Epoch;
  /** Added to every record's ts to get the stored time. */
  readonly clockOffsetNs: bigint;
  readonly first: number;
  readonly last: number;
  /** Equals `last - first + 1`: a batch holds one contiguous run. */
  readonly count: number;
  readonly bodyBytes: number;
  readonly unpackedBytes: number;
}

/**
 * Reads and checks the header of a whole batch, without its CRC and without looking at the body: what the relay does
 * with every batch. Throws `bad_batch`.
 */
export function readBatchHeader(bytes: Uint8Array): BatchHeader {
  const reader = new ByteReader(bytes, { code: "bad_batch", subject: "batch" });
  if (bytes.length < batchHeaderBytes) throw reader.fault(`header of ${batchHeaderBytes} bytes is cut`);
  const version = reader.u8();
  if (version !== batchVersion) throw reader.fault(`version ${version}, wanted ${batchVersion}`);
  const number = reader.u8();
  if (!isClassNumber(number)) throw reader.fault(`class ${number}, wanted 0 to ${classes.length - 1}`);
  const compression = compressions[reader.u8()];
  if (compression === undefined) throw reader.fault("compression that does not exist");
  if (reader.u8() !== 0) throw reader.fault("reserved byte is not 0");
  const header: BatchHeader = {
    version,
    class: number,
    compression,
    epoch: readEpoch(reader),
    clockOffsetNs: reader.i64(),
    first: readSeq(reader),
    last: readSeq(reader),
    count: reader.u32(),
    bodyBytes: reader.u32(),
    unpackedBytes: reader.u32(),
  };
  const problem = problemWith(header, bytes.length);
  if (problem !== undefined) throw reader.fault(problem);
  return header;
}

/** Fills in the header of a batch whose body is already in place behind it. The counts and lengths are the caller's promise. */
export function writeBatchHeader(batch: Uint8Array, header: BatchHeader): void {
  const view = new DataView(batch.buffer, batch.byteOffset, batchHeaderBytes);
  view.setUint8(0, header.version);
  view.setUint8(1, header.class);
  view.setUint8(2, compressions.indexOf(header.compression));
  view.setUint8(3, 0);
  view.setBigUint64(4, header.epoch, true);
  view.setBigInt64(12, header.clockOffsetNs, true);
  view.setBigUint64(20, BigInt(header.first), true);
  view.setBigUint64(28, BigInt(header.last), true);
  view.setUint32(36, header.count, true);
  view.setUint32(40, header.bodyBytes, true);
  view.setUint32(44, header.unpackedBytes, true);
  view.setUint32(crcAt, crcOf(batch), true);
}

/** Whether a batch's CRC is that of its bytes. */
export function isBatchIntact(batch: Uint8Array): boolean {
  return new DataView(batch.buffer, batch.byteOffset, batchHeaderBytes).getUint32(crcAt, true) === crcOf(batch);
}

function crcOf(batch: Uint8Array): number {
  return crc32c(batch.subarray(batchHeaderBytes), crc32c(batch.subarray(0, crcAt)));
}

function readEpoch(reader: ByteReader): Epoch {
  const value = reader.u64();
  if (!isEpoch(value)) throw reader.fault(`epoch ${value}, wanted 1 to 2^63 - 1`);
  return value;
}

function isEpoch(value: bigint): value is Epoch {
  return value > 0n && value < 1n << 63n;
}

function readSeq(reader: ByteReader): number {
  const value = Number(reader.u64());
  if (value < 1 || !Number.isSafeInteger(value)) throw reader.fault(`seq ${value}, wanted 1 to 2^53 - 1`);
  return value;
}

function problemWith(header: BatchHeader, bytes: number): string | undefined {
  const { first, last, count, bodyBytes, unpackedBytes } = header;
  if (count !== last - first + 1) return `count ${count} of seqs ${first} to ${last}`;
  if (count < 1 || count > batchRecordsMax) return `count ${count}, wanted 1 to ${batchRecordsMax}`;
  if (bodyBytes > batchBytesMax) return `body of ${bodyBytes} bytes, at most ${batchBytesMax} can be`;
  if (bodyBytes !== bytes - batchHeaderBytes) return `body of ${bodyBytes} bytes in a batch of ${bytes}`;
  if (unpackedBytes > batchUnpackedBytesMax) {
    return `${unpackedBytes} bytes unpacked, at most ${batchUnpackedBytesMax} can be`;
  }
  if (header.compression === "none" && unpackedBytes !== bodyBytes) {
    return "unpacked length of a body that is not packed";
  }
  return undefined;
}
