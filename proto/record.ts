/** One frame as it lies in the vehicle's ring, without the length and CRC that the ring adds. */
import type { FrameRecord, Shape } from "./shape.ts";

/** Encodes a record. `shapeNumber` is its shape's number within the segment. */
export function encodeRecord(_record: FrameRecord, _shapeNumber: number): Uint8Array {
  throw new Error("to be written");
}

/** Decodes a record by its segment's shapes, which the number indexes. Throws `bad_record`, `unknown_shape`. Any bytes are safe. */
export function decodeRecord(_bytes: Uint8Array, _shapes: readonly Shape[]): FrameRecord {
  throw new Error("to be written");
}
