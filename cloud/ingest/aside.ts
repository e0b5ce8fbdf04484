/** Parts of batches that are to be kept aside: found, told apart from what is to be stored, and named with their reason. */
import type { Block } from "#proto/batch.ts";
import type { Fault } from "#proto/errors.ts";
import { countOf, type Ranges, subtract, union } from "#proto/ranges.ts";
import { findUnstorable } from "../lib/store/plan.ts";
import type { KeptAside } from "../lib/store/quarantine_entry.ts";
import type { Planned } from "./plan.ts";
import { type AsideCause, asideOf } from "./quarantine.ts";
import { rowBlockOf, rowsWithin, seqsOf } from "./rows.ts";
import type { Written } from "./store_writer.ts";

/** Part of a batch that is kept aside. */
export interface Aside {
  readonly planned: Planned;
  readonly cause: AsideCause;
}

/** A batch that has blocks, and those of them that are for the store. */
export interface Decoded {
  readonly planned: Planned;
  readonly blocks: readonly Block[];
}

/** What is fresh of a batch that can be decoded. */
export function decodedOf(planned: Planned): Decoded[] {
  const { content } = planned.delivery;
  return "blocks" in content ? [{ planned, blocks: rowsWithin(content.blocks, planned.fresh) }] : [];
}

/** As the store keeps it. */
export function keptAside({ planned, cause }: Aside): KeptAside {
  return asideOf(planned.delivery, cause);
}

/** What is fresh of a batch that cannot be decoded; first wins here too. */
export function damageOf(planned: Planned): Aside[] {
  const { content } = planned.delivery;
  if ("blocks" in content || planned.fresh.length === 0) return [];
  return [{ planned, cause: { ...causeOf(content.fault), ranges: planned.fresh } }];
}

/** Why, when a fault says it. */
export function causeOf({ code, message }: Fault): Omit<AsideCause, "ranges"> {
  return { code, reason: message };
}

/** The rows that no table takes: they are kept aside, and their neighbours are not. */
export function unstorableOf({ planned, blocks }: Decoded): Aside[] {
  const found = blocks.flatMap((block) => findUnstorable(rowBlockOf(planned, block)) ?? []);
  if (found.length === 0) return [];
  const ranges = found.map((one) => one.ranges).reduce(union);
  return [{ planned, cause: { code: "bad_batch", reason: `Cannot store rows: ${found[0].why}`, ranges } }];
}

/** What of a batch is left to be stored. */
export function withoutRows(decoded: Decoded, bad: readonly Aside[]): Decoded {
  const own = bad.filter(({ planned }) => planned === decoded.planned);
  if (own.length === 0) return decoded;
  const fresh = own.map(({ cause }) => cause.ranges).reduce(subtract, decoded.planned.fresh);
  return { planned: { ...decoded.planned, fresh }, blocks: rowsWithin(decoded.blocks, fresh) };
}

/** Blocks that the store does not take although it takes others. */
export function refusedAside(planned: Planned, blocks: readonly Block[], { refused }: Written): Aside {
  const reason = refused.get(blocks[0])?.message ?? "";
  return { planned, cause: { code: "store_failed", reason, ranges: seqsOf(blocks) } };
}

/** Blocks whose table shows nothing new for too long. */
export function suspendedAside(planned: Planned, blocks: readonly Block[]): Aside {
  const reason = `Table of "${blocks[0].shape.stream}" is suspended in the store`;
  return { planned, cause: { code: "table_suspended", reason, ranges: seqsOf(blocks) } };
}

/** Seqs of blocks that hold some, mostly all, of `wanted`. */
export function coveredBy(wanted: Ranges, blocks: readonly Block[]): Ranges {
  const rows = blocks.reduce((sum, block) => sum + block.seqs.length, 0);
  return rows === countOf(wanted) ? wanted : seqsOf(blocks);
}
