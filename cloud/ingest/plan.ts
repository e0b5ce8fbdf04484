/**
 * Decides for each batch of a commit which of its seqs are fresh (to be written) and which are repeats (to be compared
 * with what is stored). The first that comes wins, within a commit too.
 */
import { classes } from "#proto/class.ts";
import { intersect, none, type Range, type Ranges, subtract, union } from "#proto/ranges.ts";
import type { LedgerEntry } from "../lib/store/ledger_entry.ts";
import type { Ledger, LineKey } from "./ledger.ts";
import type { Delivery } from "./log_message.ts";

/** A batch and what is to be done with it. */
export interface Planned {
  readonly delivery: Delivery;
  readonly key: LineKey;
  readonly fresh: Ranges;
  /** Without a verdict in the ledger, yet kept aside already, as part of this very batch. */
  readonly held: Ranges;
  readonly repeated: Ranges;
}

/** What a plan stands on. */
export interface PlanOptions {
  readonly ledger: Ledger;
  /** Whether a batch had its verdict before this owner's time. */
  readonly replayed: (delivery: Delivery) => boolean;
  /** Seqs of this very batch that quarantine has in its place: its bytes must not become rows. */
  readonly held: (delivery: Delivery) => Ranges;
}

/** The ledger line that a batch belongs to. */
function keyOf({ relay, header }: Delivery): LineKey {
  return { vehicle: relay.vehicle, epoch: header.epoch, class: classes[header.class] };
}

/** All seqs of a batch. */
export function rangeOf({ header }: Pick<Delivery, "header">): Range {
  return { first: header.first, last: header.last };
}

/** What the ledger knows of an epoch and class; undefined when it is nothing. */
export function lineOf(key: LineKey, ledger: Ledger): LedgerEntry | undefined {
  return ledger.linesOf(key.vehicle).find((entry) => entry.epoch === key.epoch && entry.class === key.class);
}

/**
 * Plans in the order of the log. A batch that `replayed` names was committed before and may have been lost by a store
 * that writes lazily: what is not quarantined of it is written again, and keys make that harmless.
 */
export function planCommit(deliveries: readonly Delivery[], options: PlanOptions): Planned[] {
  const taken = new Map<string, Ranges>();
  return deliveries.map((delivery) => {
    const key = keyOf(delivery);
    const range = rangeOf(delivery);
    if ("blocks" in delivery.content && options.replayed(delivery)) {
      return { delivery, key, fresh: writtenBefore(key, delivery, options), held: none, repeated: none };
    }
    const name = `${key.vehicle}/${key.epoch}/${key.class}`;
    const before = taken.get(name) ?? none;
    const open = subtract(options.ledger.undecided(key, range), before);
    taken.set(name, union(before, open));
    const held = intersect(open, options.held(delivery));
    return { delivery, key, fresh: subtract(open, held), held, repeated: subtract([range], open) };
  });
}

function writtenBefore(key: LineKey, delivery: Delivery, { ledger, held }: PlanOptions): Ranges {
  const range = rangeOf(delivery);
  const quarantined = intersect(lineOf(key, ledger)?.quarantined ?? none, [range]);
  return subtract(subtract([range], quarantined), held(delivery));
}
