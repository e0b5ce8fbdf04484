/** Compares records that come again with what is stored under their keys. Pure. */
import type { Column } from "#proto/batch.ts";
import { normalize, type Ranges } from "#proto/ranges.ts";
import type { StoredRow } from "./backend.ts";
import { type Cell, rawAt, sameValue, valueAt } from "./mapping.ts";
import type { JsonValue } from "#proto/json.ts";
import { type ReadPlan, readRow } from "./reading.ts";
import { neighbourNsMax } from "./limits.ts";
import type { Comparison, Row, RowBlock, StreamRow } from "./rows.ts";

/** Rows that a stream has in a block's span of times and seqs. */
export interface StoredRows {
  /** How they were asked for. */
  readonly plan: ReadPlan;
  readonly rows: ReadonlyMap<number, StoredRow>;
}

/** Compares one block with what is stored. */
export function compareBlock(block: RowBlock, { plan, rows }: StoredRows): Comparison {
  const same: number[] = [];
  const different: number[] = [];
  const missing: number[] = [];
  const twins: StreamRow[] = [];
  const looksSame = cellComparer(block, plan);
  block.block.seqs.forEach((seq, index) => {
    const stored = rows.get(seq);
    const isSame = stored !== undefined && stored.key.ts === block.block.ts[index] + block.clockOffsetNs &&
      (looksSame(stored, index) || equalValues(block, index, readRow(stored, plan).values));
    (isSame ? same : different).push(seq);
    if (stored === undefined) missing.push(seq);
    else if (!isSame) twins.push({ stream: block.block.shape.stream, row: readRow(stored, plan) });
  });
  return { same: rangesOf(same), different: rangesOf(different), missing: rangesOf(missing), stored: twins };
}

/** Puts comparisons of several blocks together. */
export function joinComparisons(parts: readonly Comparison[]): Comparison {
  return {
    same: normalize(parts.flatMap((part) => part.same)),
    different: normalize(parts.flatMap((part) => part.different)),
    missing: normalize(parts.flatMap((part) => part.missing)),
    stored: parts.flatMap((part) => part.stored),
  };
}

/** First and last time and seq of blocks, as stored. */
export interface Span {
  readonly fromNs: bigint;
  readonly toNs: bigint;
  readonly first: number;
  readonly last: number;
}

/** The span that covers blocks of one series. */
export function spanOf(blocks: readonly RowBlock[]): Span {
  return blocks.map(spanOfOne).reduce(covering);
}

function covering(all: Span, one: Span): Span {
  return {
    fromNs: one.fromNs < all.fromNs ? one.fromNs : all.fromNs,
    toNs: one.toNs > all.toNs ? one.toNs : all.toNs,
    first: Math.min(all.first, one.first),
    last: Math.max(all.last, one.last),
  };
}

function spanOfOne({ block, clockOffsetNs }: RowBlock): Span {
  const [from, to] = block.ts.reduce(([low, high], ts) => [ts < low ? ts : low, ts > high ? ts : high], [
    block.ts[0],
    block.ts[0],
  ]);
  const { seqs } = block;
  return { fromNs: from + clockOffsetNs, toNs: to + clockOffsetNs, first: seqs[0], last: seqs[seqs.length - 1] };
}

/**
 * Blocks that are read with one question: of one vehicle, epoch, class and stream, and close together by their times and
 * their seqs. What lies between them is read as well: at most `seqsBetween` from one to the next.
 */
export function neighboursOf(
  blocks: readonly RowBlock[],
  { seqsBetween }: { seqsBetween: number },
): RowBlock[][] {
  return [...Map.groupBy(blocks, seriesOf).values()].flatMap((series) => {
    const groups: { span: Span; blocks: RowBlock[] }[] = [];
    for (const block of series.toSorted((a, b) => a.block.seqs[0] - b.block.seqs[0])) {
      const span = spanOfOne(block);
      const group = groups.at(-1);
      if (group !== undefined && span.first - group.span.last <= seqsBetween && isNear(group.span, span)) {
        group.span = covering(group.span, span);
        group.blocks.push(block);
      } else groups.push({ span, blocks: [block] });
    }
    return groups.map((group) => group.blocks);
  });
}

function isNear(before: Span, one: Span): boolean {
  return one.fromNs - before.toNs <= neighbourNsMax && before.fromNs - one.toNs <= neighbourNsMax;
}

function seriesOf({ vehicle, epoch, class: className, block: { shape: { stream } } }: RowBlock): string {
  return `${vehicle}/${epoch}/${className}/${stream}`;
}

/**
 * Compares cell by cell as they lie in the table. Its yes is sure; its no may just mean that a value lies elsewhere than
 * in a column of its own type. Nearly all repeats get its yes, at a tenth of the cost.
 */
function cellComparer(
  { block }: RowBlock,
  { selection, fields }: ReadPlan,
): (row: StoredRow, index: number) => boolean {
  const own = new Array<Column | undefined>(selection.columns.length).fill(undefined);
  const others: Column[] = [];
  for (const column of block.columns) {
    const at = fields.find(({ field }) => field === column.field.name)?.at;
    if (at === undefined || own[at] !== undefined || selection.columns[at].type !== column.field.type) {
      others.push(column);
    } else own[at] = column;
  }
  return ({ overflow, cells }, index) =>
    overflow === null && others.every(({ presence }) => presence[index] !== 2) &&
    cells.every((cell, at) => isCellOf(own[at], index, cell));
}

function isCellOf(column: Column | undefined, index: number, cell: Cell): boolean {
  return column?.presence[index] === 2 ? Object.is(rawAt(column, index), cell) : cell === null;
}

function equalValues(block: RowBlock, index: number, stored: Row["values"]): boolean {
  const sent = new Map<string, JsonValue>();
  for (const column of block.block.columns) {
    const value = valueAt(column, index);
    if (value !== null) sent.set(column.field.name, value);
  }
  for (const [field, value] of Object.entries(stored)) {
    if (value === null ? sent.has(field) : !sent.has(field) || !sameValue(sent.get(field)!, value)) return false;
    sent.delete(field);
  }
  return sent.size === 0;
}

function rangesOf(seqs: readonly number[]): Ranges {
  return normalize(seqs.map((seq) => ({ first: seq, last: seq })));
}
