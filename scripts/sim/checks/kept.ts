/**
 * Nothing acknowledged is lost: a record answered `durable` is a row in the end, or lies in quarantine and the ledger says
 * so, or a gap record in the store names it and the ledger knows of that. A gap record can lie in quarantine itself: of
 * a vehicle whose critical records were put aside, nobody can say what they named.
 */
import { has, none } from "#proto/ranges.ts";
import { bySeries, gapsOf, ledgerOf, seriesOf, silencedOf } from "./accounts.ts";
import type { Check, View } from "./check.ts";

/** See the head of this file. */
export function kept(): Check {
  return { name: "nothing acknowledged is lost", end: findLost };
}

function findLost(view: View): string | undefined {
  const gaps = bySeries(gapsOf(view.database.rows()), (gap) => [gap]);
  const asideEntries = view.quarantined().map((entry) => ({ ...entry, series: seriesOf(entry) }));
  const aside = bySeries(asideEntries, ({ ranges }) => ranges);
  const ledger = ledgerOf(view);
  const silenced = silencedOf(view);
  for (const [name, { frames, vehicle }] of view.given.series) {
    const line = ledger.get(name);
    for (const [seq, { number }] of frames) {
      if (view.database.shown(name, seq) > 0) continue;
      if (has(aside.get(name) ?? none, seq) && has(line?.quarantined ?? none, seq)) continue;
      const isNamed = has(gaps.get(name) ?? none, seq);
      if (isNamed && line?.gaps.some(({ first, last }) => first <= seq && seq <= last) === true) continue;
      if (!isNamed && silenced.has(vehicle)) continue;
      const what = isNamed ? "named by a gap record that the ledger does not know" : "no row, no quarantine, no gap";
      return `frame ${number} was answered durable as ${name} ${seq}: ${what}`;
    }
  }
  return undefined;
}
