/**
 * Finds out what a store that was taken back to an older state lacks: records of which a vehicle knows a verdict that the
 * ledger does not. Pure. Source: protocol.md section 4.7.
 */
import { none, type Ranges, subtract, union } from "#proto/ranges.ts";
import type { LedgerEntry } from "../lib/store/store.ts";
import type { LineRanges } from "./wire.ts";

/** What of `settled`, as the vehicle says, has no verdict here and is not about to get one. */
export function unknownOf(settled: readonly LineRanges[], ledger: readonly LedgerEntry[]): LineRanges[] {
  return settled.map((line) => ({ ...line, ranges: subtract(line.ranges, decidedOf(line, ledger)) }))
    .filter(({ ranges }) => ranges.length > 0);
}

function decidedOf(line: LineRanges, ledger: readonly LedgerEntry[]): Ranges {
  const entry = ledger.find((one) => one.epoch === line.epoch && one.class === line.class);
  return entry === undefined ? none : union(union(entry.committed, entry.quarantined), entry.inFlight);
}
