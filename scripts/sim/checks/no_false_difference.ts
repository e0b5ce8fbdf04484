/** Vehicles of the simulation repeat themselves truly, so no repeat may be called different from what is stored. */
import { formatRanges } from "#proto/ranges.ts";
import { seriesOf } from "./accounts.ts";
import type { Check } from "./check.ts";

/** See the head of this file. */
export function noFalseDifference(): Check {
  return {
    name: "no repeat is called different",
    look: (view) => {
      const entry = view.quarantined().find(({ code }) => code === "different_body");
      return entry && `${seriesOf(entry)} ${formatRanges(entry.ranges)} was put aside: ${entry.reason}`;
    },
  };
}
