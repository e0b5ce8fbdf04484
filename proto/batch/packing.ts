/** Packing of bodies by zstd, bounded both ways. Source: RFC 8878. */
import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { Fault } from "../errors.ts";

/** Smaller bodies are left alone: zstd's fixed cost (some 60 us) would buy some tens of bytes. */
export const packedBytesMin = 2 * 1024;
/** Level 1: level 3 gains 2 % on flight data for twice the time. */
const options = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

/** The packed body, or undefined when it would not be an eighth smaller. */
export function packBody(body: Uint8Array): Uint8Array | undefined {
  if (body.length < packedBytesMin) return undefined;
  const packed = zstdCompressSync(body, options);
  return packed.length <= body.length - body.length / 8 ? packed : undefined;
}

/** Unpacks to exactly `unpackedBytes`, never more. Throws `bad_batch`. */
export function unpackBody(body: Uint8Array, unpackedBytes: number): Uint8Array {
  let unpacked: Uint8Array;
  try {
    unpacked = zstdDecompressSync(body, { maxOutputLength: Math.max(unpackedBytes, 1) });
  } catch (cause) {
    throw new Fault("bad_batch", `Cannot unpack body of ${body.length} bytes: zstd refuses it`, { cause });
  }
  // A body that is cut short unpacks to less without an error.
  if (unpacked.length === unpackedBytes) return unpacked;
  throw new Fault(
    "bad_batch",
    `Cannot unpack body of ${body.length} bytes: ${unpacked.length} bytes, wanted ${unpackedBytes}`,
  );
}
