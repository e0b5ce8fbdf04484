/** A bad batch is kept aside once, however often it is read. */
import { formatRanges } from "#proto/ranges.ts";
import { seriesOf } from "./accounts.ts";
import type { Check } from "./check.ts";

/** See the head of this file. */
export function quarantineOnce(): Check {
  return {
    name: "quarantined once",
    end: (view) => {
      const known = new Set<string>();
      for (const entry of view.quarantined()) {
        const name = `${seriesOf(entry)} ${formatRanges(entry.ranges)}`;
        if (known.has(name)) return `${name} lies in quarantine twice, for ${entry.code}`;
        known.add(name);
      }
      return undefined;
    },
  };
}
