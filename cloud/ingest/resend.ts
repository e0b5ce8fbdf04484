/**
 * Finds out what a store that was taken back to an older state lacks: records of which a vehicle knows a verdict that the
 * ledger does not. Pure. Source: protocol.md section 4.7.
 */
import type { Class } from "#proto/class.ts";
import type { Epoch } from "#proto/ids.ts";
import { none, type Ranges, subtract, union } from "#proto/ranges.ts";
import type { LedgerEntry } from "../lib/store/ledger_entry.ts";
import type { LineRanges } from "./wire.ts";

/** What there is here of a vehicle. */
export interface Known {
  readonly ledger: readonly LedgerEntry[];
  /**
   * Out of the log, about to get a verdict. The ledger's own word on that may be an earlier owner's, whose messages are
   * long gone.
   */
  readonly waiting: readonly LineRanges[];
}

/** What of `settled`, as the vehicle says, has no verdict here and is not about to get one. */
export function unknownOf(settled: readonly LineRanges[], known: Known): LineRanges[] {
  return settled.map((line) => ({ ...line, ranges: subtract(line.ranges, knownOf(line, known)) }))
    .filter(({ ranges }) => ranges.length > 0);
}

function knownOf(line: LineRanges, { ledger, waiting }: Known): Ranges {
  const isSame = (one: { epoch: Epoch; class: Class }) => one.epoch === line.epoch && one.class === line.class;
  const entry = ledger.find(isSame);
  const decided = entry === undefined ? none : union(entry.committed, entry.quarantined);
  return waiting.filter(isSame).reduce((all, { ranges }) => union(all, ranges), decided);
}
