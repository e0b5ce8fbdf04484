/** What the store says about records besides rows: gap records and the ledger, by series. */
import { classes, classNumber } from "#proto/class.ts";
import { none, type Range, type Ranges, union } from "#proto/ranges.ts";
import type { LedgerEntry } from "#cloud/lib/store/ledger_entry.ts";
import { seriesName, type SimRow } from "../database.ts";
import type { View } from "./check.ts";

/** One gap record as it lies in the store. */
export interface StoredGap extends Range {
  readonly vehicle: string;
  /** Of the records that it names. */
  readonly series: string;
  readonly cause: string;
}

/** The gap records that a query sees. */
export function gapsOf(rows: Iterable<SimRow>): StoredGap[] {
  const gaps: StoredGap[] = [];
  for (const { stream, vehicle, cells } of rows) {
    if (stream !== "ss_gap") continue;
    // Two of its fields bear names that tables keep for themselves, so their columns have a number behind the name.
    const number = classes.findIndex((name) => name === cells.get("class$2"));
    gaps.push({
      vehicle,
      series: seriesName(vehicle, BigInt(String(cells.get("epoch$2"))), { class: number }),
      first: cells.get("first") as number,
      last: cells.get("last") as number,
      cause: String(cells.get("cause")),
    });
  }
  return gaps;
}

/** Ranges of things that each name a series, joined by series. */
export function bySeries<T extends { readonly series: string }>(
  things: Iterable<T>,
  rangesOf: (thing: T) => Ranges,
): Map<string, Ranges> {
  const joined = new Map<string, Ranges>();
  for (const thing of things) joined.set(thing.series, union(joined.get(thing.series) ?? none, rangesOf(thing)));
  return joined;
}

/** A ledger entry's series. */
export function seriesOf(entry: Pick<LedgerEntry, "vehicle" | "epoch" | "class">): string {
  return seriesName(entry.vehicle, entry.epoch, { class: classNumber(entry.class) });
}

/** The ledger by series. */
export function ledgerOf(view: View): Map<string, LedgerEntry> {
  return new Map(view.ledger().map((entry) => [seriesOf(entry), entry]));
}

/** Vehicles of which critical records were put aside: gap records may be among them, and nobody knows what they named. */
export function silencedOf(view: View): ReadonlySet<string> {
  return new Set(view.quarantined().filter((one) => one.class === "critical").map((one) => one.vehicle));
}
