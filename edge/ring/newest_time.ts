/**
 * The newest time in a ring's directory that is known to be right, without opening the ring: when a segment was begun, in
 * an epoch whose clock offset is fixed. Epochs without one were opened by a clock that nobody vouched for.
 */
import type { Disk, Log } from "#proto/ports.ts";
import { ringWatermarkBytesMax } from "../limits.ts";
import { readPart, segmentIdOf, withFile } from "./files.ts";
import { decodeSegmentHeader, headerBytes, type SegmentHeader } from "./segment_header.ts";
import { WatermarkFiles } from "./watermark_files.ts";

/** Nanoseconds since 1970; undefined when the ring knows none. Rejects with `disk_failed`. */
export async function newestTime({ disk, log }: { disk: Disk; log: Log }): Promise<bigint | undefined> {
  const present = await disk.list();
  const files = new WatermarkFiles({ disk, log, bytesMax: ringWatermarkBytesMax });
  const watermark = await files.readNewest(present);
  await files.close();
  const offsets = new Map(watermark?.epochs.map(({ epoch, clockOffsetNs }) => [epoch, clockOffsetNs]));
  let newest: bigint | undefined;
  for (const name of present.filter((name) => segmentIdOf(name) !== undefined)) {
    const header = await readHeader(disk, name);
    const offsetNs = header?.clockOffsetNs ?? (header && offsets.get(header.epoch));
    if (header === undefined || offsetNs === undefined) continue;
    const time = header.createdNs + offsetNs;
    if (newest === undefined || time > newest) newest = time;
  }
  return newest;
}

async function readHeader(disk: Disk, name: string): Promise<SegmentHeader | undefined> {
  return decodeSegmentHeader(await withFile({ disk, name }, (file) => readPart(file, { from: 0, to: headerBytes })));
}
