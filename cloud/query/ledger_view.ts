/** The ledger as people ask for it: per epoch and class what is expected, stored and missing, and why. Pure. */
import { classes } from "#proto/class.ts";
import { intersect, normalize, type Range, type Ranges, subtract } from "#proto/ranges.ts";
import type { GapCause, LedgerEntry } from "../lib/store/store.ts";

/** Why seqs are missing. `unknown`: the vehicle once had them durable and nothing tells where they are. */
export const missingCauses = [
  "still_on_board",
  "overwritten",
  "in_flight",
  "quarantined",
  "vehicle_disk_lost",
  "refused",
  "unknown",
] as const;
/** One of {@link missingCauses}. */
export type MissingCause = typeof missingCauses[number];

/** One class of one epoch. */
export interface ClassView {
  readonly class: string;
  /** The vehicle made 1 to this durable, as far as is known. */
  readonly expected: number;
  readonly stored: Ranges;
  /** What of 1 to `expected` is not stored, in order. */
  readonly missing: readonly (Range & { readonly cause: MissingCause })[];
  readonly quarantined: Ranges;
}

/** One time base of the vehicle. */
export interface EpochView {
  readonly epoch: string;
  readonly classes: readonly ClassView[];
}

const causeOfGap: Record<GapCause, MissingCause> = {
  overwritten: "overwritten",
  disk_lost: "vehicle_disk_lost",
  damaged: "vehicle_disk_lost",
  refused: "refused",
};

/** Groups a vehicle's entries by epoch, in the order in which the epochs appear. */
export function ledgerView(entries: readonly LedgerEntry[]): EpochView[] {
  const byEpoch = Map.groupBy(entries, ({ epoch }) => epoch.toString());
  return Array.from(byEpoch, ([epoch, ofEpoch]) => ({
    epoch,
    classes: ofEpoch.toSorted((a, b) => classes.indexOf(a.class) - classes.indexOf(b.class)).map(classView),
  }));
}

function classView(entry: LedgerEntry): ClassView {
  const last = Math.max(entry.expected, ...[...entry.committed, ...entry.quarantined].map((range) => range.last));
  return {
    class: entry.class,
    expected: last,
    stored: entry.committed,
    missing: last === 0 ? [] : missingOf(entry, subtract([{ first: 1, last }], entry.committed)),
    quarantined: entry.quarantined,
  };
}

/** Asks the surest source first: a gap record is the vehicle's last word, its inventory may be older. */
function missingOf(entry: LedgerEntry, missing: Ranges): ClassView["missing"] {
  const gapsBy = (cause: MissingCause) => normalize(entry.gaps.filter((gap) => causeOfGap[gap.cause] === cause));
  const sources: [MissingCause, Ranges][] = [
    ["quarantined", entry.quarantined],
    ["in_flight", entry.inFlight],
    ["overwritten", gapsBy("overwritten")],
    ["vehicle_disk_lost", gapsBy("vehicle_disk_lost")],
    ["refused", gapsBy("refused")],
    ["still_on_board", entry.onBoard],
    ["unknown", missing],
  ];
  const found: (Range & { cause: MissingCause })[] = [];
  let rest = missing;
  for (const [cause, ranges] of sources) {
    found.push(...intersect(rest, ranges).map((range) => ({ ...range, cause })));
    rest = subtract(rest, ranges);
  }
  return found.sort((a, b) => a.first - b.first);
}
