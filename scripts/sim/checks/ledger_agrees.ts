/** The ledger agrees with the rows: it claims none that is not there, knows all that are, and expects what was answered. */
import { countOf, has, none, normalize, subtract } from "#proto/ranges.ts";
import { ownStreamPrefix } from "#proto/ids.ts";
import { seriesName } from "../database.ts";
import { ledgerOf, silencedOf } from "./accounts.ts";
import type { Check, View } from "./check.ts";

/** See the head of this file. */
export function ledgerAgrees(): Check {
  return {
    name: "the ledger agrees with the rows",
    end: (view) => findClaim(view) ?? (view.isLogTrimmed ? undefined : findUnknown(view)),
  };
}

function findClaim(view: View): string | undefined {
  const silenced = silencedOf(view);
  for (const [name, { vehicle, committed, quarantined, gaps }] of ledgerOf(view)) {
    for (const { first, last } of committed) {
      for (let seq = first; seq <= last; seq++) {
        if (view.database.shown(name, seq) === 0) return `the ledger has ${name} ${seq} as committed, no query sees it`;
      }
    }
    const answered = view.given.series.get(name)?.ranges ?? none;
    const left = subtract(subtract(subtract(answered, committed), quarantined), normalize(gaps));
    if (countOf(left) > 0 && !view.isLogTrimmed && !silenced.has(vehicle)) {
      return `the ledger knows nothing of ${name} ${left[0].first} to ${left[0].last}`;
    }
  }
  return undefined;
}

function findUnknown(view: View): string | undefined {
  const ledger = ledgerOf(view);
  for (const row of view.database.rows()) {
    if (row.stream.startsWith(ownStreamPrefix)) continue;
    const name = seriesName(row.vehicle, row.epoch, row);
    const line = ledger.get(name);
    // What was put aside when its table was suspended may show later, when the table goes on.
    const isKnown = has(line?.committed ?? none, row.seq) || has(line?.quarantined ?? none, row.seq);
    if (!isKnown) return `the ledger does not know the row ${name} ${row.seq}`;
  }
  return undefined;
}
