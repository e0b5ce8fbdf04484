/** A verdict stays: what the saved ledger has in quarantine is not told as committed later. */
import { countOf, intersect } from "#proto/ranges.ts";
import { seriesOf } from "./accounts.ts";
import type { Check, Told, View } from "./check.ts";

/** See the head of this file. */
export function verdictStays(): Check {
  return { name: "a verdict stays", handleTold: findTurned };
}

function findTurned(told: Told, view: View): string | undefined {
  if (told.kind !== "committed") return undefined;
  const saved = view.ledger().find(({ vehicle, epoch, class: className }) =>
    vehicle === told.vehicle && epoch === told.epoch && className === told.class
  );
  const turned = intersect(saved?.quarantined ?? [], told.ranges);
  if (saved === undefined || countOf(turned) === 0) return undefined;
  return `${seriesOf(saved)} ${turned[0].first} to ${turned[0].last} was in quarantine and is told as committed`;
}
