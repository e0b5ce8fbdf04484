/** Bytes that prove themselves: all follows from a number that stands at their beginning. */
import { createHash } from "node:crypto";

const headBytes = 8;
const digestBytes = 32;

/** The bytes of a number, `length` of them and at least 8. */
export function numberedBlob(number: number, length: number): Uint8Array<ArrayBuffer> {
  const blob = new Uint8Array(Math.max(length, headBytes));
  new DataView(blob.buffer).setFloat64(0, number);
  const digest = createHash("sha256").update(blob.subarray(0, headBytes)).digest();
  for (let at = headBytes; at < blob.length; at += digestBytes) {
    blob.set(digest.subarray(0, Math.min(digestBytes, blob.length - at)), at);
  }
  return blob;
}

/** The number of a {@link numberedBlob}; NaN for bytes that are none. */
export function blobNumberOf(bytes: Uint8Array): number {
  if (bytes.length < headBytes) return NaN;
  const number = new DataView(bytes.buffer, bytes.byteOffset).getFloat64(0);
  const whole = numberedBlob(number, bytes.length);
  return whole.every((byte, at) => byte === bytes[at]) ? number : NaN;
}
