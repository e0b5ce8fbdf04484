/**
 * The first kilobyte of a segment: the same header twice, each copy in sectors of its own, so that one damaged place
 * never makes a segment unreadable. Bytes: README.md beside this file.
 */
import { type Class, classes, classNumber, isClassNumber } from "#proto/class.ts";
import { crc32c } from "#proto/crc32c.ts";
import { type Epoch, parseEpoch } from "#proto/ids.ts";
import { ancestorsMax } from "#proto/limits.ts";

/** Bytes of both copies: entries begin here. */
export const headerBytes = 1024;
const copyBytes = headerBytes / 2;
const crcOffset = copyBytes - 4;
const ancestorsOffset = 64;
/** "SSRG" in the order of bytes on disk. */
const magic = 0x47525353;
const version = 1;
/** Stands for a clock offset that is not fixed; no real offset is 292 years. */
const notFixed = -(1n << 63n);

/** What a segment says of itself. */
export interface SegmentHeader {
  /** Number of the segment, rising in the order of creation; its file's name repeats it. */
  readonly id: number;
  readonly epoch: Epoch;
  readonly class: Class;
  /** Seq of its first record; the others follow without a hole. */
  readonly first: number;
  /** Random number that seeds all checksums of its entries: bytes of the file's former life never look valid. */
  readonly salt: number;
  /** The epoch's clock offset when the segment was begun, in nanoseconds; undefined when not fixed yet. */
  readonly clockOffsetNs: bigint | undefined;
  /** When it was begun, nanoseconds since 1970 by the vehicle's clock. */
  readonly createdNs: bigint;
  /** Epochs before this one, newest first. */
  readonly ancestors: readonly Epoch[];
}

/** Encodes both copies. */
export function encodeSegmentHeader(header: SegmentHeader): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(headerBytes);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, magic, true);
  view.setUint16(4, version, true);
  view.setUint8(6, classNumber(header.class));
  view.setUint8(7, Math.min(header.ancestors.length, ancestorsMax));
  view.setBigUint64(8, BigInt(header.id), true);
  view.setBigUint64(16, header.epoch, true);
  view.setBigUint64(24, BigInt(header.first), true);
  view.setUint32(32, header.salt, true);
  view.setBigInt64(40, header.clockOffsetNs ?? notFixed, true);
  view.setBigInt64(48, header.createdNs, true);
  header.ancestors.slice(0, ancestorsMax).forEach((epoch, i) =>
    view.setBigUint64(ancestorsOffset + 8 * i, epoch, true)
  );
  view.setUint32(crcOffset, crc32c(bytes.subarray(0, crcOffset)), true);
  bytes.copyWithin(copyBytes, 0, copyBytes);
  return bytes;
}

/** Reads whichever copy is whole; undefined when neither is, or when the version is not ours. */
export function decodeSegmentHeader(bytes: Uint8Array): SegmentHeader | undefined {
  return decodeCopy(bytes.subarray(0, copyBytes)) ?? decodeCopy(bytes.subarray(copyBytes, headerBytes));
}

function decodeCopy(bytes: Uint8Array): SegmentHeader | undefined {
  if (bytes.length < copyBytes) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, copyBytes);
  const known = view.getUint32(0, true) === magic && view.getUint16(4, true) === version;
  if (!known || view.getUint32(crcOffset, true) !== crc32c(bytes.subarray(0, crcOffset))) return undefined;
  const classAt = view.getUint8(6);
  if (!isClassNumber(classAt)) return undefined;
  const offsetNs = view.getBigInt64(40, true);
  return {
    id: Number(view.getBigUint64(8, true)),
    epoch: parseEpoch(view.getBigUint64(16, true)),
    class: classes[classAt],
    first: Number(view.getBigUint64(24, true)),
    salt: view.getUint32(32, true),
    clockOffsetNs: offsetNs === notFixed ? undefined : offsetNs,
    createdNs: view.getBigInt64(48, true),
    ancestors: Array.from(
      { length: Math.min(view.getUint8(7), ancestorsMax) },
      (_, i) => parseEpoch(view.getBigUint64(ancestorsOffset + 8 * i, true)),
    ),
  };
}
