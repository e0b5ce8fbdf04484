/**
 * What a start finds in the ring's directory. The segments alone say what is there; the watermark adds verdicts and saves
 * reading what an earlier start has read already. Only the last segment of each series of an epoch that ended without
 * good order is read as a whole; the others when somebody first reads from them.
 */
import { asFault } from "#proto/errors.ts";
import type { Disk, DiskFile, Log } from "#proto/ports.ts";
import { none, type Ranges, subtract } from "#proto/ranges.ts";
import { ringSegmentBytesMax } from "../limits.ts";
import { Board, heldOf, type Segment, type Series } from "./board.ts";
import { readPart, reserveName, segmentIdOf, segmentName, spareName, trimTo, withFile } from "./files.ts";
import type { Gap } from "./own_frames.ts";
import { scanSegment } from "./scan.ts";
import { decodeSegmentHeader, headerBytes } from "./segment_header.ts";
import type { Watermark } from "./watermark.ts";

/** What was found. */
export interface Recovered {
  readonly board: Board;
  /** Number for the next segment. */
  readonly nextId: number;
  /** Records that are missing without a reason on board: to be named in gap records. */
  readonly gaps: readonly Gap[];
  /** Files of no use, with their sizes. */
  readonly strays: ReadonlyMap<string, number>;
  readonly hasReserve: boolean;
  readonly hasSpare: boolean;
  /** Segments whose files cannot be read at all. */
  readonly unreadable: number;
}

/** What {@link recover} needs. */
export interface RecoverOptions {
  readonly disk: Disk;
  readonly log: Log;
  /** Names in the directory. */
  readonly present: readonly string[];
  readonly watermark: Watermark | undefined;
  readonly segmentBytes: number;
}

/** Reads the directory. Files that cannot be read are left alone and counted; their records show as missing. */
export async function recover(options: RecoverOptions): Promise<Recovered> {
  const board = new Board();
  const strays = new Map<string, number>();
  const segments = await findSegments(options, strays);
  for (const segment of segments) board.add(segment);
  applyWatermark(board, options.watermark);
  const closed = closedEpochs(options.watermark);
  const gaps: Gap[] = [];
  let ends = 0;
  for (const { epoch, series } of board.epochs()) {
    for (const each of series.values()) {
      const isRead = await settleExtents(each, { ...options, isClosed: closed.has(epoch) });
      if (!isRead) ends++;
      const missing = missingIn(each, options.watermark);
      each.lost = each.named;
      gaps.push(...missing.map((range) => ({ epoch, class: each.class, range, cause: "damaged" as const })));
    }
  }
  const hasReserve = await hasWhole(reserveName, options, strays);
  const hasSpare = await hasWhole(spareName, options, strays);
  const ids = options.present.flatMap((name) => segmentIdOf(name) ?? []);
  const nextId = Math.max(0, ...ids) + 1;
  const unreadable = ids.length - segments.length + ends -
    [...strays.keys()].filter((name) => segmentIdOf(name) !== undefined).length;
  return { board, nextId, gaps, strays, hasReserve, hasSpare, unreadable };
}

/** Opens all segments by their headers, in order of their numbers. */
async function findSegments(options: RecoverOptions, strays: Map<string, number>): Promise<Segment[]> {
  const found: Segment[] = [];
  for (const name of options.present.filter((name) => segmentIdOf(name) !== undefined)) {
    try {
      const { bytes, head } = await withFile({ disk: options.disk, name }, async (file) => ({
        bytes: await file.size(),
        head: await readPart(file, { from: 0, to: headerBytes }),
      }));
      const header = decodeSegmentHeader(head);
      // A file that was begun or taken over and never got its header holds nothing that was promised.
      if (header === undefined || segmentName(header.id) !== name) strays.set(name, bytes);
      else found.push({ header, name, bytes, last: header.first - 1, content: undefined, dropped: false });
    } catch (thrown) {
      options.log.error("ring cannot read a segment", { name, reason: asFault(thrown).message });
    }
  }
  return found.sort((a, b) => a.header.id - b.header.id);
}

function applyWatermark(board: Board, watermark: Watermark | undefined): void {
  for (const { epoch, clockOffsetNs, series } of watermark?.epochs ?? []) {
    const entry = board.find(epoch);
    if (entry === undefined) continue;
    entry.clockOffsetNs = clockOffsetNs ?? entry.clockOffsetNs;
    for (const { class: className, durable, settled, named } of series) {
      Object.assign(board.series(epoch, className), { durable, settled, named });
    }
  }
}

function closedEpochs(watermark: Watermark | undefined): ReadonlySet<bigint> {
  return new Set((watermark?.epochs ?? []).filter(({ closed }) => closed).map(({ epoch }) => epoch));
}

/**
 * Finds how far each segment of a series reaches: to where the next begins; the last one is read. Returns whether it
 * could be. One that could not leaves the board with its file untouched: nobody knows what it holds, so it must not seem to
 * hold nothing; the next start looks again.
 */
async function settleExtents(series: Series, options: RecoverOptions & { isClosed: boolean }): Promise<boolean> {
  series.segments.forEach((segment, i) => {
    const next = series.segments[i + 1];
    if (next !== undefined) segment.last = next.header.first - 1;
  });
  const last = series.segments.at(-1);
  if (last === undefined) return true;
  if (options.isClosed && series.durable > 0) {
    last.last = Math.max(series.durable, last.header.first - 1);
    return true;
  }
  try {
    const { disk, log } = options;
    const scanned = await withFile({ disk, name: last.name }, (file) => scanAndTrim(file, { segment: last, log }));
    last.content = scanned.content;
    last.last = scanned.last;
  } catch (thrown) {
    options.log.error("ring cannot read a segment", { name: last.name, reason: asFault(thrown).message });
    series.segments.pop();
    return false;
  }
  series.durable = Math.max(series.durable, last.last);
  return true;
}

/** Reads a segment as a whole and gives back what lies behind its end. */
async function scanAndTrim(file: DiskFile, { segment, log }: { segment: Segment; log: Log }) {
  const bytes = await readPart(file, { from: 0, to: Math.min(segment.bytes, ringSegmentBytesMax) });
  const scanned = scanSegment(bytes, segment.header);
  const { end } = scanned.content;
  if (end >= segment.bytes) return scanned;
  try {
    await trimTo(file, end);
    segment.bytes = end;
  } catch (thrown) {
    // Its records were read: that it stays longer than it need be is no reason to take them for lost.
    log.warn("ring could not end a segment", { name: segment.name, reason: asFault(thrown).message });
  }
  return scanned;
}

/** What was durable once and is neither held nor settled nor named. */
function missingIn(series: Series, watermark: Watermark | undefined): Ranges {
  const first = firstExpected(series, watermark);
  if (series.durable < first) return none;
  const missing = subtract([{ first, last: series.durable }], heldOf(series));
  return subtract(subtract(missing, series.settled), series.named);
}

/** Without a watermark that knows the series, nobody can tell whether its oldest segments went in good order. */
function firstExpected(series: Series, watermark: Watermark | undefined): number {
  const known = watermark?.epochs.find(({ epoch }) => epoch === series.epoch)?.series
    .some(({ class: className }) => className === series.class);
  return known === true ? 1 : series.segments[0]?.header.first ?? 1;
}

/** Whether there is a file of a segment's size under a name; one of another size, or that cannot be opened, is of no use. */
async function hasWhole(
  name: string,
  { disk, present, segmentBytes, log }: RecoverOptions,
  strays: Map<string, number>,
) {
  if (!present.includes(name)) return false;
  try {
    const bytes = await withFile({ disk, name }, (file) => file.size());
    if (bytes === segmentBytes) return true;
    strays.set(name, bytes);
  } catch (thrown) {
    log.warn("ring cannot open a file", { name, reason: asFault(thrown).message });
    strays.set(name, segmentBytes);
  }
  return false;
}
