/** The fleet's totals: every vehicle's account added up. Linear in the vehicles, and bounded. */
import { addCounts, noCounts, stateOf } from "../lib/completeness/account.ts";
import { accountPages } from "../lib/completeness/account_pages.ts";
import type { StoreReader } from "../lib/store/store.ts";
import { type CountsView, countsView } from "./completeness_view.ts";

/** All vehicles together. */
export interface FleetTotals extends CountsView {
  readonly vehicles: number;
  readonly vehicles_complete: number;
}

/** Adds all accounts up; null for a fleet of more than `vehiclesMax`. */
export async function fleetTotals(
  store: Pick<StoreReader, "accounts">,
  vehiclesMax: number,
): Promise<FleetTotals | null> {
  let [counts, vehicles, complete] = [noCounts, 0, 0];
  for await (const accounts of accountPages(store)) {
    vehicles += accounts.length;
    if (vehicles > vehiclesMax) return null;
    for (const account of accounts) {
      counts = addCounts(counts, account.counts);
      if (stateOf(account.counts) === "complete") complete++;
    }
  }
  return { ...countsView(counts), vehicles, vehicles_complete: complete };
}
