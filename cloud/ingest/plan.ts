/**
 * Decides for each batch of a commit which of its seqs are fresh (to be written) and which are repeats (to be compared
 * with what is stored). The first that comes wins, within a commit too.
 */
import { classes } from "#proto/class.ts";
import { intersect, none, type Range, type Ranges, subtract, union } from "#proto/ranges.ts";
import type { Ledger, LineKey } from "./ledger.ts";
import type { Delivery } from "./log_message.ts";

/** A batch and what is to be done with it. */
export interface Planned {
  readonly delivery: Delivery;
  readonly key: LineKey;
  readonly fresh: Ranges;
  readonly repeated: Ranges;
}

/** The ledger line that a batch belongs to. */
function lineOf({ relay, header }: Delivery): LineKey {
  return { vehicle: relay.vehicle, epoch: header.epoch, class: classes[header.class] };
}

/**
 * Plans in the order of the log. A batch that `replayed` names was committed before and may have been lost by a store
 * that writes lazily: what is not quarantined of it is written again, and keys make that harmless.
 */
export function planCommit(
  deliveries: readonly Delivery[],
  options: { ledger: Ledger; replayed: (delivery: Delivery) => boolean },
): Planned[] {
  const taken = new Map<string, Ranges>();
  return deliveries.map((delivery) => {
    const key = lineOf(delivery);
    const range: Range = { first: delivery.header.first, last: delivery.header.last };
    if (options.replayed(delivery)) {
      return { delivery, key, fresh: notQuarantined(key, range, options.ledger), repeated: none };
    }
    const name = `${key.vehicle}/${key.epoch}/${key.class}`;
    const before = taken.get(name) ?? none;
    const fresh = subtract(options.ledger.undecided(key, range), before);
    taken.set(name, union(before, fresh));
    return { delivery, key, fresh, repeated: subtract([range], fresh) };
  });
}

function notQuarantined(key: LineKey, range: Range, ledger: Ledger): Ranges {
  const line = ledger.linesOf(key.vehicle).find((entry) => entry.epoch === key.epoch && entry.class === key.class);
  return line === undefined ? [range] : subtract([range], intersect(line.quarantined, [range]));
}
