/**
 * Sets of sequence numbers as sorted, disjoint, non-touching ranges: acknowledgements, ledger and gaps are these.
 *
 * Values are immutable. Nearly all real sets have one range and grow at its end, so every operation is linear in the
 * number of ranges and cheap for one.
 */

/** Sequence numbers `first` to `last`, both included; 1 <= first <= last <= 2^53 - 1. */
export interface Range {
  readonly first: number;
  readonly last: number;
}

/** Sorted by `first`; between two ranges at least one number is missing. */
export type Ranges = readonly Range[];

/** No numbers. */
export const none: Ranges = Object.freeze([]);

/** How many numbers the set holds. */
export function countOf(ranges: Ranges): number {
  return ranges.reduce((sum, range) => sum + range.last - range.first + 1, 0);
}

/** Whether the set holds a number. */
export function has(ranges: Ranges, seq: number): boolean {
  return ranges.some((range) => range.first <= seq && seq <= range.last);
}

/** Whether the set holds all of a range. */
export function covers(ranges: Ranges, wanted: Range): boolean {
  return ranges.some((range) => range.first <= wanted.first && wanted.last <= range.last);
}

/** Sorts any ranges, overlapping or touching, into a set. */
export function normalize(ranges: Iterable<Range>): Ranges {
  const sorted = [...ranges].sort((a, b) => a.first - b.first);
  const out: { first: number; last: number }[] = [];
  for (const range of sorted) {
    const tail = out.at(-1);
    if (tail !== undefined && range.first <= tail.last + 1) tail.last = Math.max(tail.last, range.last);
    else out.push({ first: range.first, last: range.last });
  }
  return out;
}

/** The numbers in either set. */
export function union(a: Ranges, b: Ranges): Ranges {
  if (a.length === 0) return b;
  if (b.length === 0) return a;
  const tail = a[a.length - 1];
  // The hot case: something new at the end.
  if (b.length === 1 && b[0].first === tail.last + 1) {
    return [...a.slice(0, -1), { first: tail.first, last: b[0].last }];
  }
  return normalize([...a, ...b]);
}

/** The numbers of `a` that `b` lacks. */
export function subtract(a: Ranges, b: Ranges): Ranges {
  if (a.length === 0 || b.length === 0) return a;
  const out: Range[] = [];
  let at = 0;
  for (const range of a) {
    let first = range.first;
    while (at < b.length && b[at].last < first) at++;
    for (let i = at; i < b.length && b[i].first <= range.last; i++) {
      if (b[i].first > first) out.push({ first, last: b[i].first - 1 });
      first = Math.max(first, b[i].last + 1);
    }
    if (first <= range.last) out.push({ first, last: range.last });
  }
  return out;
}

/** The numbers in both sets. */
export function intersect(a: Ranges, b: Ranges): Ranges {
  const out: Range[] = [];
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    const first = Math.max(a[i].first, b[j].first);
    const last = Math.min(a[i].last, b[j].last);
    if (first <= last) out.push({ first, last });
    if (a[i].last < b[j].last) i++;
    else j++;
  }
  return out;
}

/** Text form for stores and people, such as `1-5,9`; empty for no numbers. */
export function formatRanges(ranges: Ranges): string {
  return ranges.map(({ first, last }) => first === last ? `${first}` : `${first}-${last}`).join(",");
}

/** Reads what {@link formatRanges} wrote; throws a RangeError on anything else. */
export function parseRanges(text: string): Ranges {
  if (text === "") return none;
  const ranges = text.split(",").map((part) => {
    const match = /^([1-9][0-9]{0,15})(?:-([1-9][0-9]{0,15}))?$/.exec(part);
    if (match === null) throw new RangeError(`Cannot read ranges "${text.slice(0, 80)}": "${part}" is not a range`);
    const first = Number(match[1]);
    return { first, last: match[2] === undefined ? first : Number(match[2]) };
  });
  const disordered = ranges.some((range, i) =>
    range.last < range.first || (i > 0 && range.first < ranges[i - 1].last + 2)
  );
  if (disordered) throw new RangeError(`Cannot read ranges "${text.slice(0, 80)}": not in rising order`);
  return ranges;
}
