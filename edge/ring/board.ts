/**
 * What is on board: epochs, their classes, their segments, and what became of the records. Plain memory; whoever
 * changes the disk changes the board beside it.
 */
import { ok } from "node:assert/strict";
import { type Class, classes, classNumber } from "#proto/class.ts";
import type { Epoch } from "#proto/ids.ts";
import { covers, intersect, none, normalize, type Range, type Ranges, subtract, union } from "#proto/ranges.ts";
import { ringSettledRangesMax } from "../limits.ts";
import type { OnBoard } from "./port.ts";
import type { SegmentContent } from "./scan.ts";
import type { SegmentHeader } from "./segment_header.ts";

/** One segment on board. */
export interface Segment {
  readonly header: SegmentHeader;
  readonly name: string;
  /** Size of its file. */
  bytes: number;
  /** Highest seq it holds durably; one less than the header's first for none. */
  last: number;
  /** Its content as far as it is known: undefined until somebody reads a segment of an earlier start. */
  content: SegmentContent | undefined;
  /** Its file is gone, or another segment's now. */
  dropped: boolean;
}

/** The records of one epoch and class. */
export interface Series {
  readonly epoch: Epoch;
  readonly class: Class;
  /** In rising order of seqs. */
  readonly segments: Segment[];
  /** With a verdict. */
  settled: Ranges;
  /** Cannot be read any more. */
  lost: Ranges;
  /** The part of `lost` that a durable gap record names. */
  named: Ranges;
  /** Highest seq that ever was durable. */
  durable: number;
}

/** One epoch on board. */
export interface EpochEntry {
  readonly epoch: Epoch;
  clockOffsetNs: bigint | undefined;
  readonly series: Map<Class, Series>;
}

/** All that is on board, oldest epoch first. */
export class Board {
  readonly #epochs = new Map<Epoch, EpochEntry>();

  /** The epochs, oldest first. */
  epochs(): readonly EpochEntry[] {
    return [...this.#epochs.values()];
  }

  find(epoch: Epoch): EpochEntry | undefined {
    return this.#epochs.get(epoch);
  }

  /** The entry of an epoch, made as the newest when there is none. */
  epoch(epoch: Epoch): EpochEntry {
    let entry = this.#epochs.get(epoch);
    if (entry === undefined) {
      entry = { epoch, clockOffsetNs: undefined, series: new Map() };
      this.#epochs.set(epoch, entry);
    }
    return entry;
  }

  /** The series of an epoch and class, made when there is none. */
  series(epoch: Epoch, className: Class): Series {
    const entry = this.epoch(epoch);
    let series = entry.series.get(className);
    if (series === undefined) {
      series = { epoch, class: className, segments: [], settled: none, lost: none, named: none, durable: 0 };
      entry.series.set(className, series);
    }
    return series;
  }

  /** Takes in a segment younger than all others of its series. */
  add(segment: Segment): void {
    const { epoch, class: className, clockOffsetNs } = segment.header;
    this.series(epoch, className).segments.push(segment);
    this.epoch(epoch).clockOffsetNs ??= clockOffsetNs;
  }

  /** Takes a segment out; an epoch other than `current` goes with its last one. */
  drop(segment: Segment, current: Epoch): void {
    segment.dropped = true;
    const { epoch, class: className } = segment.header;
    const { segments } = this.series(epoch, className);
    const at = segments.indexOf(segment);
    ok(at >= 0, "a segment is taken out once");
    segments.splice(at, 1);
    const entry = this.epoch(epoch);
    if (epoch !== current && [...entry.series.values()].every((series) => series.segments.length === 0)) {
      this.#epochs.delete(epoch);
    }
  }

  /** All segments, in order of their ids. */
  segments(): Segment[] {
    const all: Segment[] = [];
    for (const entry of this.#epochs.values()) for (const series of entry.series.values()) all.push(...series.segments);
    return all.sort((a, b) => a.header.id - b.header.id);
  }

  /** Takes note of a verdict; what was never durable here cannot have one. */
  settle(ranges: Ranges, of: { epoch: Epoch; class: Class }): void {
    const series = this.#epochs.get(of.epoch)?.series.get(of.class);
    if (series === undefined) return;
    const known = normalize(ranges)
      .filter(({ first }) => first <= series.durable)
      .map(({ first, last }) => ({ first, last: Math.min(last, series.durable) }));
    series.settled = union(series.settled, known).slice(0, ringSettledRangesMax);
  }

  /** Takes verdicts back; returns what of these can be read, and has no verdict now. */
  unsettle(ranges: Ranges, of: { epoch: Epoch; class: Class }): Ranges {
    const series = this.#epochs.get(of.epoch)?.series.get(of.class);
    if (series === undefined) return none;
    const held = heldOf(series);
    const settled = subtract(series.settled, intersect(normalize(ranges), held));
    series.settled = settled.slice(0, ringSettledRangesMax);
    // A hole may push the last of them over the limit: these have no verdict any more either.
    return intersect(union(normalize(ranges), settled.slice(ringSettledRangesMax)), held);
  }
}

/** Seqs of a series that can be read. */
export function heldOf(series: Series): Ranges {
  const ranges: Range[] = [];
  for (const { header, last, content } of series.segments) {
    // The open segment's content lists one run; a scanned one lists what is whole.
    if (content !== undefined) ranges.push(...content.held);
    else if (last >= header.first) ranges.push({ first: header.first, last });
  }
  return subtract(normalize(ranges), series.lost);
}

/** Seqs of a series that can be read and have no verdict. */
export function unsettledOf(series: Series): Ranges {
  return subtract(heldOf(series), series.settled);
}

/** What is held, oldest epoch first, classes in order. Series that never had a durable record are left out. */
export function onBoardOf(board: Board): OnBoard[] {
  const found: OnBoard[] = [];
  for (const { epoch, series } of board.epochs()) {
    for (const className of classes) {
      const each = series.get(className);
      if (each === undefined || each.durable === 0) continue;
      const { durable } = each;
      found.push({ epoch, class: className, unsettled: unsettledOf(each), held: heldOf(each), durable });
    }
  }
  return found;
}

/** Seqs of one segment that can be read and have no verdict: what giving it up would lose. */
export function unsettledIn(segment: Segment, series: Series): Ranges {
  const { header, last, content } = segment;
  const held = content?.held ?? (last >= header.first ? [{ first: header.first, last }] : none);
  return subtract(subtract(held, series.lost), series.settled);
}

/** Whether giving a segment up loses nothing. */
export function isSettled(segment: Segment, series: Series): boolean {
  const whole = { first: segment.header.first, last: segment.last };
  return segment.last < segment.header.first || covers(series.settled, whole) ||
    unsettledIn(segment, series).length === 0;
}

/** The segment that holds a seq. */
export function segmentOf(series: Series, seq: number): Segment | undefined {
  // From the newest: of two that claim a seq the younger was written to replace the older one's end.
  return series.segments.findLast(({ header, last }) => header.first <= seq && seq <= last);
}

/** Which segments to give up so that at least `bytes` come free. */
export interface Wanted {
  readonly bytes: number;
  /** Segments that are not to be chosen. */
  readonly kept: ReadonlySet<Segment>;
  /** Whether records without a verdict may go, and then only those of this class and lower ones. */
  readonly overwriteFrom: Class | undefined;
}

/**
 * Chooses segments to give up: first settled ones, oldest first; then, where allowed, the lowest class, oldest first.
 * Undefined when all together are not enough.
 */
export function chooseVictims(board: Board, wanted: Wanted): Segment[] | undefined {
  const candidates = board.segments().filter((segment) => !wanted.kept.has(segment));
  const settled = candidates.filter((segment) => isSettled(segment, seriesOf(board, segment)));
  const lowest = wanted.overwriteFrom === undefined ? classes.length : classNumber(wanted.overwriteFrom);
  const others = candidates
    .filter((segment) => classNumber(segment.header.class) >= lowest && !settled.includes(segment))
    .sort((a, b) => classNumber(b.header.class) - classNumber(a.header.class) || a.header.id - b.header.id);
  const victims: Segment[] = [];
  let free = 0;
  for (const segment of [...settled, ...others]) {
    if (free >= wanted.bytes) break;
    victims.push(segment);
    free += diskBytes(segment.bytes);
  }
  return free >= wanted.bytes ? victims : undefined;
}

/** The series that a segment belongs to. */
export function seriesOf(board: Board, segment: Segment): Series {
  return board.series(segment.header.epoch, segment.header.class);
}

/** What a file of that size takes on disk: whole blocks. */
export function diskBytes(bytes: number): number {
  return Math.ceil(bytes / blockBytes) * blockBytes;
}

const blockBytes = 4096;
