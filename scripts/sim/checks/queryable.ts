/** `committed` is said of nothing but what a query sees at that moment. */
import { classNumber } from "#proto/class.ts";
import { seriesName } from "../database.ts";
import type { Check, Told, View } from "./check.ts";

/** See the head of this file. */
export function queryable(): Check {
  return { name: "committed means queryable", handleTold: findUnseen };
}

function findUnseen({ vehicle, epoch, class: className, ranges, kind, by }: Told, view: View): string | undefined {
  // What an answer repeats from the ledger may be what a lazy store forgot and the replay under way brings back.
  if (kind !== "committed" || by !== "notice") return undefined;
  const name = seriesName(vehicle, epoch, { class: classNumber(className) });
  for (const { first, last } of ranges) {
    for (let seq = first; seq <= last; seq++) {
      if (view.database.shown(name, seq) === 0) return `${name} ${seq} was told as committed and no query sees it`;
    }
  }
  return undefined;
}
