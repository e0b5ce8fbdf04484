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
import type { ClassNumber } from "../class.ts";
import type { Epoch } from "../ids.ts";

/** Length of the header. */
export const batchHeaderBytes = 52;

/** How a body is packed; the place in the list is the number on the wire. */
export const compressions = ["none", "zstd"] as const;
/** One of {@link compressions}. */
export type Compression = typeof compressions[number];

/** What the header says. The body follows it directly. */
export interface BatchHeader {
  readonly version: 1;
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
export function readBatchHeader(_bytes: Uint8Array): BatchHeader {
  throw new Error("to be written");
}
