/** A gap record never names as damaged what no damage can have hit: only a disk that failed a read can be the cause. */
import { gapsOf } from "./accounts.ts";
import type { Check } from "./check.ts";

/** See the head of this file. */
export function trueGaps(): Check {
  return {
    name: "gap records tell the truth",
    end: ({ database, vehicles }) => {
      const sound = new Set(vehicles().filter(({ hadReadFaults }) => !hadReadFaults).map(({ id }) => id));
      const wrong = gapsOf(database.rows()).find(({ vehicle, cause }) => cause === "damaged" && sound.has(vehicle));
      return wrong && `${wrong.series} ${wrong.first} to ${wrong.last} is named as damaged, on a disk without damage`;
    },
  };
}
