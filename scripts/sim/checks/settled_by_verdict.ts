/** A vehicle lets nothing go that has no verdict: what its agent counts as settled, ingest has told. */
import { type Class, classNumber } from "#proto/class.ts";
import { countOf, none, type Ranges, subtract, union } from "#proto/ranges.ts";
import { seriesName } from "../database.ts";
import type { Check } from "./check.ts";

/** See the head of this file. */
export function settledByVerdict(): Check {
  const told = new Map<string, Ranges>();
  const nameOf = (one: { vehicle: string; epoch: bigint; class: Class }) =>
    seriesName(one.vehicle, one.epoch, { class: classNumber(one.class) });
  return {
    name: "only a verdict settles",
    handleTold: (one) => {
      const name = nameOf(one);
      told.set(name, union(told.get(name) ?? none, one.ranges));
      return undefined;
    },
    look: ({ given, vehicles }) => {
      const watched = new Map(vehicles().filter((one) => one.unsettled && !one.hasLost).map((one) => [one.id, one]));
      for (const [name, { vehicle, epoch, class: className, ranges }] of given.series) {
        const owner = watched.get(vehicle);
        if (owner?.unsettled === undefined) continue;
        const undecided = countOf(subtract(ranges, told.get(name) ?? none));
        const said = owner.unsettled.find((one) => one.epoch === epoch && one.class === className)?.records ?? 0;
        if (undecided > said) return `${name}: ${undecided} records have no verdict, the agent counts ${said}`;
      }
      return undefined;
    },
  };
}
