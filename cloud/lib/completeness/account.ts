/** A vehicle's lines in figures: how many seqs are expected, stored and missing, by cause. */
import { countOf } from "#proto/ranges.ts";
import type { LedgerEntry } from "../store/ledger_entry.ts";
import {
  type MissingCause,
  missingCauses,
  type SeqCounts,
  type Statement,
  type VehicleAccount,
} from "../store/vehicle_account.ts";
import { missingOf, type MissingRange, testimonyOf } from "./causes.ts";
import { forksOf, openingsOf } from "./epoch_chain.ts";

/** Causes that end by themselves once the vehicle is linked and the store works. */
const passing: readonly MissingCause[] = ["in_flight", "still_on_board"];

/** What an account is made of. */
export interface AccountParts {
  /** Oldest first. */
  readonly lines: readonly LedgerEntry[];
  readonly statement: Statement | undefined;
  readonly heardNs: bigint;
  /** The account before; it tells since when the oldest missing range is that. */
  readonly before: VehicleAccount | undefined;
  readonly nowNs: bigint;
}

/** No seqs. */
export const noCounts: SeqCounts = {
  expected: 0,
  stored: 0,
  missing: Object.fromEntries(missingCauses.map((cause) => [cause, 0])) as Record<MissingCause, number>,
};

/** Counts of what is stored and of missing ranges. */
export function countsOf(stored: number, missing: readonly MissingRange[]): SeqCounts {
  const byCause = { ...noCounts.missing };
  for (const { cause, first, last } of missing) byCause[cause] += last - first + 1;
  return { expected: stored + sumOf(byCause), stored, missing: byCause };
}

/** Adds counts up. */
export function addCounts(a: SeqCounts, b: SeqCounts): SeqCounts {
  const missing = { ...a.missing };
  for (const cause of missingCauses) missing[cause] += b.missing[cause];
  return { expected: a.expected + b.expected, stored: a.stored + b.stored, missing };
}

/** Whether all that is expected is stored; else whether something is still to come, or what is missing stays so. */
export function stateOf({ expected, stored, missing }: SeqCounts): "complete" | "arriving" | "short" {
  if (stored === expected) return "complete";
  return passing.some((cause) => missing[cause] > 0) ? "arriving" : "short";
}

/** The account of one vehicle. Linear in its lines, and quick for those that are complete. */
export function accountOf(vehicle: VehicleAccount["vehicle"], parts: AccountParts): VehicleAccount {
  const { lines, statement, heardNs } = parts;
  const testimony = testimonyOf(lines, statement);
  const missing: MissingRange[] = [];
  let stored = 0;
  let waiting: string | undefined;
  for (const line of lines) {
    stored += countOf(line.committed);
    const ofLine = missingOf(line, testimony);
    missing.push(...ofLine);
    const oldest = ofLine.find(({ cause }) => passing.includes(cause));
    if (oldest !== undefined) waiting ??= `${line.epoch}/${line.class}/${oldest.first}`;
  }
  return {
    vehicle,
    heardNs,
    statement,
    counts: countsOf(stored, missing),
    forks: forksOf(openingsOf(lines)).size,
    waiting: waiting === undefined ? undefined : { first: waiting, sinceNs: sinceOf(waiting, parts) },
  };
}

function sinceOf(first: string, { before, nowNs }: AccountParts): bigint {
  return before?.waiting?.first === first ? before.waiting.sinceNs : nowNs;
}

function sumOf(missing: Readonly<Record<MissingCause, number>>): number {
  return missingCauses.reduce((sum, cause) => sum + missing[cause], 0);
}
