/** Compares records that come again with what is stored under their keys. Pure. */
import { normalize, type Ranges } from "#proto/ranges.ts";
import { sameValue, valueAt } from "./mapping.ts";
import type { JsonValue } from "#proto/json.ts";
import type { Comparison, Row, RowBlock, StreamRow } from "./store.ts";

/** Compares one block with the rows that its stream has in the block's span of times and seqs, by seq. */
export function compareBlock(block: RowBlock, stored: ReadonlyMap<number, Row>): Comparison {
  const same: number[] = [];
  const different: number[] = [];
  const twins: StreamRow[] = [];
  block.block.seqs.forEach((seq, index) => {
    const row = stored.get(seq);
    const equal = row !== undefined && row.ts === block.block.ts[index] + block.clockOffsetNs &&
      equalValues(block, index, row.values);
    (equal ? same : different).push(seq);
    if (!equal && row !== undefined) twins.push({ stream: block.block.shape.stream, row });
  });
  return { same: rangesOf(same), different: rangesOf(different), stored: twins };
}

/** Puts comparisons of several blocks together. */
export function joinComparisons(parts: readonly Comparison[]): Comparison {
  return {
    same: normalize(parts.flatMap((part) => part.same)),
    different: normalize(parts.flatMap((part) => part.different)),
    stored: parts.flatMap((part) => part.stored),
  };
}

/** First and last time and seq of a block, as stored. */
export function spanOf(
  { block, clockOffsetNs }: RowBlock,
): { fromNs: bigint; toNs: bigint; first: number; last: number } {
  const [from, to] = block.ts.reduce(([low, high], ts) => [ts < low ? ts : low, ts > high ? ts : high], [
    block.ts[0],
    block.ts[0],
  ]);
  const { seqs } = block;
  return { fromNs: from + clockOffsetNs, toNs: to + clockOffsetNs, first: seqs[0], last: seqs[seqs.length - 1] };
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
