/**
 * Decides about seqs of a batch: enters it in the ledger, and says it as a verdict to the session that waits for it. What is
 * decided here must be durable before.
 */
import { countOf, intersect, none, type Ranges } from "#proto/ranges.ts";
import { markOf } from "../lib/completeness/time_marks.ts";
import { type Aside, coveredBy, type Decoded, keptAside } from "./aside.ts";
import { absorbOwnRecords } from "./own_records.ts";
import type { Owner } from "./owner.ts";
import { lineOf, type Planned } from "./plan.ts";
import type { Verdict } from "./verdicts.ts";

/** Rows that are stored and shown: committed. */
export function commitRows(
  { planned, blocks }: Decoded,
  owner: Pick<Owner, "ledger" | "links" | "sessions" | "counters" | "clock">,
): Verdict {
  const committed = coveredBy(planned.fresh, blocks);
  const nowNs = owner.clock.wallNs();
  const span = { first: committed[0].first, last: committed[committed.length - 1].last };
  const { clockOffsetNs: offsetNs } = planned.delivery.header;
  const mark = markOf(span, { times: blocks.map(({ ts }) => ts), offsetNs });
  owner.ledger.commit(planned.key, committed, nowNs, mark);
  absorbOwnRecords(planned.delivery, blocks, { ledger: owner.ledger, links: owner.links, nowNs });
  owner.counters.rows += countOf(committed);
  return verdictOf(planned, { committed, quarantined: none }, owner);
}

/** Seqs that quarantine has: quarantined. */
export function quarantineSeqs(
  planned: Planned,
  { quarantined }: { quarantined: Ranges },
  owner: Pick<Owner, "ledger" | "sessions" | "clock">,
): Verdict {
  if (quarantined.length > 0) owner.ledger.quarantine(planned.key, quarantined, owner.clock.wallNs());
  return verdictOf(planned, { committed: none, quarantined }, owner);
}

/** A part of a batch that was kept aside: what of it was fresh is quarantined. */
export function quarantineAside(
  { planned, cause }: Aside,
  owner: Pick<Owner, "ledger" | "sessions" | "counters" | "clock">,
): Verdict {
  owner.counters.quarantined++;
  return quarantineSeqs(planned, { quarantined: intersect(cause.ranges, planned.fresh) }, owner);
}

/** Keeps parts of batches aside, and decides about them then. */
export async function keepAside(
  aside: readonly Aside[],
  owner: Pick<Owner, "writer" | "ledger" | "sessions" | "counters" | "clock">,
): Promise<Verdict[]> {
  await owner.writer.keep(aside.map(keptAside));
  return aside.map((one) => quarantineAside(one, owner));
}

/** What was decided about seqs of a batch before, said again. */
export function decidedBefore(
  planned: Planned,
  { seqs }: { seqs: Ranges },
  owner: Pick<Owner, "ledger" | "sessions">,
): Verdict {
  const line = lineOf(planned.key, owner.ledger);
  const committed = intersect(line?.committed ?? none, seqs);
  const quarantined = intersect(line?.quarantined ?? none, seqs);
  return verdictOf(planned, { committed, quarantined }, owner);
}

function verdictOf(
  { key, delivery }: Planned,
  ranges: { committed: Ranges; quarantined: Ranges },
  { sessions }: Pick<Owner, "sessions">,
): Verdict {
  const line = (set: Ranges) => set.length === 0 ? [] : [{ epoch: key.epoch, class: key.class, ranges: set }];
  return {
    vehicle: key.vehicle,
    address: sessions.addressOf(key.vehicle) ?? delivery.relay,
    committed: line(ranges.committed),
    quarantined: line(ranges.quarantined),
  };
}
