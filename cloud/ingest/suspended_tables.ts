/**
 * Tries again what waits for suspended tables.
 *
 *     waits --shown--> committed        waits --refused, or 60 s--> kept aside
 */
import type { Block } from "#proto/batch.ts";
import { suspendedAside } from "./aside.ts";
import { decidedBefore, keepAside } from "./decide.ts";
import { settleWritten } from "./fresh_rows.ts";
import { suspendedMaxMs } from "./limits.ts";
import type { Owner } from "./owner.ts";
import { recallLedgers } from "./recall.ts";
import { rowBlockOf, rowsWithin, seqsOf } from "./rows.ts";
import type { Verdict } from "./verdicts.ts";
import type { Waiting } from "./waiting_rows.ts";

/** See the head of this file. Resolves with the verdicts on what does not wait any more. */
export async function retryWaiting(owner: Owner): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  for (const one of owner.waiting.all) {
    const retried = await retryOne(one, owner);
    owner.waiting.narrow(one, retried.suspended);
    verdicts.push(...retried.verdicts);
  }
  return verdicts;
}

/** What became of one that waited, and which blocks wait on. */
interface Retried {
  readonly verdicts: readonly Verdict[];
  readonly suspended: readonly Block[];
}

async function retryOne({ planned, blocks: all, sinceMs }: Waiting, owner: Owner): Promise<Retried> {
  const seqs = seqsOf(all);
  // Whoever waits sends nothing new, and may be the longest unused in the ledger by now.
  await recallLedgers([planned.key.vehicle], owner);
  // The same records may have come twice and waited twice: what was decided about the first copy stands.
  const open = seqs.flatMap((range) => owner.ledger.undecided(planned.key, range));
  if (open.length === 0) return { verdicts: [decidedBefore(planned, { seqs }, owner)], suspended: [] };
  const blocks = rowsWithin(all, open);
  if (owner.clock.uptimeMs() - sinceMs >= suspendedMaxMs) {
    return { verdicts: await keepAside([suspendedAside(planned, blocks)], owner), suspended: [] };
  }
  const written = await owner.writer.write(blocks.map((block) => rowBlockOf(planned, block)));
  const { suspended = [], shown = [] } = Object.groupBy(
    blocks,
    ({ shape }) => written.suspended.has(shape.stream) ? "suspended" : "shown",
  );
  if (shown.length === 0) return { verdicts: [], suspended };
  const decoded = { planned: { ...planned, fresh: seqsOf(shown) }, blocks: shown };
  return { verdicts: await settleWritten([decoded], { written }, owner), suspended };
}
