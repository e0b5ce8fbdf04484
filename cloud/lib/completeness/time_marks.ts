/**
 * From times to seqs without reading a table: a ledger line keeps few marks of where its committed rows lie in time.
 *
 * A mark is a span of seqs that begins and ends with a committed row, and the earliest and latest time of the rows
 * committed in it. Marks neither overlap nor contradict each other; when there are too many, the two neighbours that
 * together take the least time become one, so all are about as long, and the bounds stay true, only coarser.
 *
 * What is exact: a stored row whose time lies in the time asked for is always among the seqs found. What is rounded: a
 * mark is found as a whole. What is taken for granted, for nobody can know it: a row that is missing lies in time
 * between the stored rows around it, or the opening of its epoch and of the next one where there are none.
 */
import { normalize, type Range, type Ranges } from "#proto/ranges.ts";
import type { TimeMark } from "../store/ledger_entry.ts";
import { timeMarksMax } from "../store/limits.ts";

const nsPerMs = 1_000_000n;

/** First and last time, ms since 1970, both included. */
export interface TimeSpan {
  readonly fromMs: number;
  readonly toMs: number;
}

/** What a line knows of time: its marks, its end, and the times around all of it where they are known. */
export interface LineSpan {
  readonly marks: readonly TimeMark[];
  /** The seqs are 1 to this. */
  readonly last: number;
  readonly openedMs?: number;
  readonly closedMs?: number;
}

/** The mark of rows just committed. `times`: of all of them, in any order; `offsetNs` is added to each. */
export function markOf(
  seqs: Range,
  { times, offsetNs }: { readonly times: readonly BigInt64Array[]; readonly offsetNs: bigint },
): TimeMark {
  const [from, to] = times.map(spanOfTimes).reduce(([a, b], [c, d]) => [c < a ? c : a, d > b ? d : b]);
  return { first: seqs.first, last: seqs.last, ...outwards(from + offsetNs, to + offsetNs) };
}

/** A span of nanoseconds in milliseconds, rounded outwards. */
export function outwards(fromNs: bigint, toNs: bigint): TimeSpan {
  return { fromMs: floorMs(fromNs), toMs: -floorMs(-toNs) };
}

/** Takes in one mark; those that it touches become one with it. */
export function addMark(marks: readonly TimeMark[], added: TimeMark, marksMax: number = timeMarksMax): TimeMark[] {
  // From the end: nearly always the new rows are the newest.
  const from = marks.findLastIndex((mark) => mark.last < added.first) + 1;
  let to = from;
  while (to < marks.length && marks[to].first <= added.last) to++;
  const all = marks.toSpliced(from, to - from, marks.slice(from, to).reduce(joined, added));
  while (all.length > marksMax) {
    const at = shortestPair(all);
    all.splice(at, 2, joined(all[at], all[at + 1]));
  }
  return all;
}

/** The seqs of a line whose rows may lie in the time asked for; see the head of this file. */
export function seqsWithin(asked: TimeSpan, line: LineSpan): Ranges {
  return normalize(
    piecesOf(line).filter(({ first, last, fromMs, toMs }) =>
      first <= last && fromMs <= asked.toMs && toMs >= asked.fromMs
    ),
  );
}

/** All of a line cut into marks and what lies before, between and behind them. */
function piecesOf({ marks, last, openedMs, closedMs }: LineSpan): TimeMark[] {
  const opened = { first: 0, last: 0, fromMs: openedMs ?? -Infinity, toMs: openedMs ?? -Infinity };
  const closed = { first: last + 1, last: last + 1, fromMs: closedMs ?? Infinity, toMs: closedMs ?? Infinity };
  const known = [opened, ...marks, closed];
  const between = known.slice(1).map((mark, at) => ({
    ...joined(known[at], mark),
    first: known[at].last + 1,
    last: mark.first - 1,
  }));
  return [...marks, ...between];
}

function joined(a: TimeMark, b: TimeMark): TimeMark {
  return {
    first: Math.min(a.first, b.first),
    last: Math.max(a.last, b.last),
    fromMs: Math.min(a.fromMs, b.fromMs),
    toMs: Math.max(a.toMs, b.toMs),
  };
}

/** Where the two neighbours stand that are shortest together; the older ones of equals. */
function shortestPair(marks: readonly TimeMark[]): number {
  let [best, least] = [0, Infinity];
  for (let at = 0; at < marks.length - 1; at++) {
    const [a, b] = [marks[at], marks[at + 1]];
    const length = Math.max(a.toMs, b.toMs) - Math.min(a.fromMs, b.fromMs);
    if (length < least) [best, least] = [at, length];
  }
  return best;
}

/** Earliest and latest of some times. By halves of 32 bits, little endian: a bigint a row would cost more than the rest. */
function spanOfTimes(times: BigInt64Array): [bigint, bigint] {
  const high = new Int32Array(times.buffer, times.byteOffset, 2 * times.length);
  const low = new Uint32Array(times.buffer, times.byteOffset, 2 * times.length);
  let [least, most] = [0, 0];
  for (let at = 2; at < high.length; at += 2) {
    if (isBelow(at, least)) least = at;
    else if (isBelow(most, at)) most = at;
  }
  return [times[least >> 1], times[most >> 1]];

  function isBelow(a: number, b: number): boolean {
    return high[a + 1] < high[b + 1] || (high[a + 1] === high[b + 1] && low[a] < low[b]);
  }
}

function floorMs(ns: bigint): number {
  const ms = ns / nsPerMs;
  return Number(ms * nsPerMs > ns ? ms - 1n : ms);
}
