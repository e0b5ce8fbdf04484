/** One record's bytes alone, for tests of what reads them. */
import { ByteWriter } from "../bytes.ts";
import { writeRecord } from "../record.ts";
import type { FrameRecord } from "../shape.ts";

/** A record as it lies in the ring. `shapeNumber` is its shape's number within the segment. */
export function encodeRecord(record: FrameRecord, shapeNumber: number): Uint8Array {
  const writer = new ByteWriter();
  writeRecord(writer, { frame: record, seq: record.seq, shapeNumber });
  return writer.copy();
}
