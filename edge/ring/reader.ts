/** Reads records of earlier times from their segments. */
import type { Disk, DiskFile } from "#proto/ports.ts";
import { intersect, none, type Range, subtract } from "#proto/ranges.ts";
import type { FrameRecord, Shape } from "#proto/shape.ts";
import { ringMarkBytes } from "../limits.ts";
import { type Segment, segmentOf, type Series } from "./board.ts";
import { readPart, withFile } from "./files.ts";
import type { ReadRequest } from "./port.ts";
import { headerBytes } from "./segment_header.ts";
import { type Mark, scanSegment, type SegmentContent, tryDecode, walkRecords } from "./scan.ts";

/** What a read found: records, and ranges that should have been there and are damaged. */
export interface ReadResult {
  readonly records: FrameRecord[];
  readonly damaged: readonly Range[];
}

const nothing: ReadResult = { records: [], damaged: [] };

/**
 * Reads the run from `request.first` out of its segment; ends at the segment's end at the latest. Rejects with
 * `disk_failed`.
 */
export async function readSeries(
  { disk, series }: { disk: Disk; series: Series },
  request: ReadRequest,
): Promise<ReadResult> {
  const segment = segmentOf(series, request.first);
  if (segment === undefined) return nothing;
  const { last } = segment;
  try {
    return await withFile({ disk, name: segment.name }, async (file) => {
      const before = segment.content;
      const content = before ?? await scan(file, segment);
      if (segment.dropped) return nothing;
      segment.content ??= content;
      const region = regionOf(content, request);
      if (region === undefined) return { records: [], damaged: missingIn(segment, content, last) };
      const bytes = await readPart(file, region);
      if (segment.dropped) return nothing;
      const wanted = { ...request, last: Math.min(request.last, last) };
      const records = collect(bytes, { region, content, wanted, salt: segment.header.salt });
      const damaged = before === undefined ? missingIn(segment, content, last) : brokenOff(records, content, request);
      return { records, damaged };
    });
  } catch (thrown) {
    // Its file went while we read: nothing is there any more, and that is no fault.
    if (segment.dropped) return nothing;
    throw thrown;
  }
}

/** Reads all whole records of a segment. Rejects with `disk_failed`. */
export async function readSegment(disk: Disk, { name, bytes, header }: Segment): Promise<FrameRecord[]> {
  const all = await withFile({ disk, name }, (file) => readPart(file, { from: 0, to: bytes }));
  const shapes: Shape[] = [];
  const records: FrameRecord[] = [];
  for (const { body } of walkRecords(all, { ...header, base: 0, from: headerBytes, shapes })) {
    const record = body === undefined ? undefined : tryDecode(body, shapes);
    if (record !== undefined) records.push(record);
  }
  return records;
}

/** Reads a segment through and tells what is missing in it; nothing when it went meanwhile. Rejects with `disk_failed`. */
export async function findDamage(disk: Disk, segment: Segment): Promise<readonly Range[]> {
  const { last, name } = segment;
  try {
    const content = await withFile({ disk, name }, (file) => scan(file, segment));
    return segment.dropped ? none : missingIn(segment, content, last);
  } catch (thrown) {
    if (segment.dropped) return none;
    throw thrown;
  }
}

/** A younger segment may have taken over this one's end: what lies behind `last` is not asked for here. */
async function scan(file: DiskFile, { bytes, header, last }: Segment): Promise<SegmentContent> {
  const { content } = scanSegment(await readPart(file, { from: 0, to: bytes }), header);
  return { ...content, held: last < header.first ? none : intersect(content.held, [{ first: header.first, last }]) };
}

interface Region {
  readonly from: number;
  readonly to: number;
  readonly mark: Mark;
}

/** From the last mark before the first record to a mark behind enough bytes: whole entries. */
function regionOf({ marks, end }: SegmentContent, { first, bytesMax }: ReadRequest): Region | undefined {
  const at = marks.findLastIndex(({ seq }) => seq <= first);
  if (at < 0) return undefined;
  const enough = marks[at].offset + ringMarkBytes + bytesMax;
  const next = marks.findIndex((mark, i) => i > at && mark.offset >= enough);
  const to = next < 0 ? end : Math.min(marks[next].offset, end);
  return { from: marks[at].offset, to, mark: marks[at] };
}

function collect(
  bytes: Uint8Array,
  options: { region: Region; content: SegmentContent; wanted: ReadRequest; salt: number },
): FrameRecord[] {
  const { region, content, wanted } = options;
  const shapes = [...content.shapes];
  const records: FrameRecord[] = [];
  let left = wanted.bytesMax;
  const walk = { base: region.from, from: region.from, salt: options.salt, first: region.mark.seq, shapes };
  for (const { seq, body } of walkRecords(bytes, walk)) {
    if (seq < wanted.first || body === undefined) continue;
    if (seq > wanted.last || seq !== wanted.first + records.length) break;
    const record = tryDecode(body, shapes);
    left -= body.length;
    if (record === undefined || record.seq !== seq || (left < 0 && records.length > 0)) break;
    records.push(record);
  }
  return records;
}

/** What a first full scan of a segment did not find. */
function missingIn({ header }: Segment, { held }: SegmentContent, last: number): readonly Range[] {
  return last < header.first ? [] : subtract([{ first: header.first, last }], held);
}

/** The one record that a scan had seen whole and a read did not: the disk changed its mind. */
function brokenOff(
  records: readonly FrameRecord[],
  { held }: SegmentContent,
  { first }: ReadRequest,
): readonly Range[] {
  const known = held.some((range) => range.first <= first && first <= range.last);
  return records.length === 0 && known ? [{ first, last: first }] : [];
}
