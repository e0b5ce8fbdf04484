/** The repeats of one commit, and what of them was compared with the store. */
import { none, type Ranges, subtract, union } from "#proto/ranges.ts";
import type { Planned } from "./plan.ts";

/** Most repeat what is stored before it, some what it stores itself. */
export class Repeats {
  readonly #checked = new Map<Planned, Ranges>();

  constructor(readonly all: readonly Planned[]) {}

  /** What of the stored seqs was not taken by a call before. */
  takeUnchecked(one: Planned, stored: Ranges): Ranges {
    const checked = this.#checked.get(one) ?? none;
    this.#checked.set(one, union(checked, stored));
    return subtract(stored, checked);
  }
}
