/**
 * Writes what is fresh of a commit, and decides about it: what is known to be bad is kept aside by the same write, so before
 * any verdict on it; what the store refuses is kept aside behind it; what a suspended table does not show waits.
 */
import type { KeptAside } from "../lib/store/quarantine_entry.ts";
import {
  type Aside,
  damageOf,
  type Decoded,
  decodedOf,
  keptAside,
  refusedAside,
  suspendedAside,
  unstorableOf,
  withoutRows,
} from "./aside.ts";
import { commitRows, keepAside, quarantineAside, quarantineSeqs } from "./decide.ts";
import type { Owner } from "./owner.ts";
import type { Planned } from "./plan.ts";
import { rowBlockOf, seqsOf } from "./rows.ts";
import type { Written } from "./store_writer.ts";
import type { Verdict } from "./verdicts.ts";

/** See the head of this file. `different` are repeats and `unreadable` bytes that the same write keeps aside. */
export async function writeFresh(
  planned: readonly Planned[],
  { different, unreadable }: { different: readonly Aside[]; unreadable: readonly KeptAside[] },
  owner: Owner,
): Promise<Verdict[]> {
  const decoded = planned.filter((one) => one.fresh.length > 0).flatMap(decodedOf);
  const bad = [...different, ...planned.flatMap(damageOf), ...decoded.flatMap(unstorableOf)];
  const storable = decoded.map((one) => withoutRows(one, bad));
  const written = await owner.writer.write(
    storable.flatMap(({ planned, blocks }) => blocks.map((block) => rowBlockOf(planned, block))),
    [...bad.map(keptAside), ...unreadable],
  );
  const held = planned.filter((one) => one.held.length > 0)
    .map((one) => quarantineSeqs(one, { quarantined: one.held }, owner));
  const verdicts = bad.map((one) => quarantineAside(one, owner));
  return [...held, ...verdicts, ...await settleWritten(storable, { written }, owner)];
}

/** Decides about rows that were written. */
export async function settleWritten(
  decoded: readonly Decoded[],
  { written }: { written: Written },
  owner: Owner,
): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  const aside: Aside[] = [];
  for (const { planned, blocks } of decoded) {
    const refused = blocks.filter((block) => written.refused.has(block));
    const suspended = blocks.filter((block) =>
      written.suspended.has(block.shape.stream) && !written.refused.has(block)
    );
    const shown = blocks.filter((block) => !refused.includes(block) && !suspended.includes(block));
    if (shown.length > 0) verdicts.push(commitRows({ planned, blocks: shown }, owner));
    if (refused.length > 0) aside.push(refusedAside(planned, refused, written));
    if (suspended.length > 0) aside.push(...letWait({ planned, blocks: suspended }, owner));
  }
  return [...verdicts, ...await keepAside(aside, owner)];
}

/** Lets blocks wait for their table; what there is no room for is to be kept aside. */
function letWait(
  { planned, blocks }: Decoded,
  { waiting, ledger, clock }: Pick<Owner, "waiting" | "ledger" | "clock">,
): Aside[] {
  if (waiting.isFull) return [suspendedAside(planned, blocks)];
  ledger.hold(planned.key, seqsOf(blocks), clock.wallNs());
  waiting.add({ planned, blocks, sinceMs: clock.uptimeMs() });
  return [];
}
