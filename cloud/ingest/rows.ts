/** Cuts decoded blocks by sequence number, tells which numbers they hold, and says whose they are. */
import type { Block, Column } from "#proto/batch.ts";
import { has, normalize, type Ranges } from "#proto/ranges.ts";
import type { RowBlock } from "../lib/store/rows.ts";
import type { LineKey } from "./ledger.ts";
import type { Delivery } from "./log_message.ts";

/** A decoded block as the store takes it. */
export function rowBlockOf(
  { key, delivery }: { key: LineKey; delivery: Pick<Delivery, "header"> },
  block: Block,
): RowBlock {
  return { ...key, clockOffsetNs: delivery.header.clockOffsetNs, block };
}

/** The seqs of blocks. */
export function seqsOf(blocks: readonly Block[]): Ranges {
  return normalize(blocks.flatMap((block) => Array.from(block.seqs, (seq) => ({ first: seq, last: seq }))));
}

/** The rows whose seq is in `wanted`; blocks that keep none are left out, blocks that keep all come back as they are. */
export function rowsWithin(blocks: readonly Block[], wanted: Ranges): Block[] {
  return blocks.flatMap((block) => {
    const keep = [...block.seqs.keys()].filter((row) => has(wanted, block.seqs[row]));
    if (keep.length === block.seqs.length) return [block];
    return keep.length === 0 ? [] : [pick(block, keep)];
  });
}

function pick(block: Block, rows: readonly number[]): Block {
  return {
    shape: block.shape,
    seqs: Float64Array.from(rows, (row) => block.seqs[row]),
    ts: BigInt64Array.from(rows, (row) => block.ts[row]),
    columns: block.columns.map((column) => pickColumn(column, rows)),
  };
}

function pickColumn(column: Column, rows: readonly number[]): Column {
  return {
    field: column.field,
    presence: Uint8Array.from(rows, (row) => column.presence[row]),
    values: pickValues(column.values, rows),
  };
}

function pickValues(values: Column["values"], rows: readonly number[]): Column["values"] {
  if (values === undefined) return undefined;
  if (values instanceof Uint8Array) return Uint8Array.from(rows, (row) => values[row]);
  if (values instanceof Float64Array) return Float64Array.from(rows, (row) => values[row]);
  if (values instanceof BigInt64Array) return BigInt64Array.from(rows, (row) => values[row]);
  // Strings or arrays: the element type is the same on both sides.
  return rows.map((row) => values[row]) as typeof values;
}
