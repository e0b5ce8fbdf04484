/**
 * The repeats of one commit, compared with the rows that are stored under their keys: what equals them gets its verdict
 * again, what differs is kept aside and changes nothing.
 */
import { intersect, none, type Ranges, subtract, union } from "#proto/ranges.ts";
import { type Aside, causeOf } from "./aside.ts";
import { decidedBefore } from "./decide.ts";
import type { Owner } from "./owner.ts";
import { lineOf, type Planned } from "./plan.ts";
import { rowBlockOf, rowsWithin } from "./rows.ts";
import type { Verdict } from "./verdicts.ts";

/** Most repeat what was stored before their commit, some what it stores itself: those can be compared behind it only. */
export class Repeats {
  readonly #all: readonly Planned[];
  readonly #owner: Owner;
  readonly #compared = new Map<Planned, Ranges>();

  constructor(planned: readonly Planned[], owner: Owner) {
    this.#all = planned.filter(({ repeated }) => repeated.length > 0);
    this.#owner = owner;
  }

  /** What differs, of what is stored by now and was not compared before. */
  async compare(): Promise<Aside[]> {
    const aside: Aside[] = [];
    for (const one of this.#all) {
      const committed = intersect(lineOf(one.key, this.#owner.ledger)?.committed ?? none, one.repeated);
      const before = this.#compared.get(one) ?? none;
      this.#compared.set(one, union(before, committed));
      aside.push(...await differenceOf(one, subtract(committed, before), this.#owner));
    }
    return aside;
  }

  /** The verdicts that they have. */
  verdicts(): Verdict[] {
    return this.#all.map((one) => decidedBefore(one, { seqs: one.repeated }, this.#owner));
  }
}

async function differenceOf(planned: Planned, committed: Ranges, owner: Owner): Promise<Aside[]> {
  const { key, delivery } = planned;
  const unknown = subtract(committed, owner.held.allOf(key.vehicle, delivery));
  if (unknown.length === 0) return [];
  if ("fault" in delivery.content) {
    return [{ planned, cause: { ...causeOf(delivery.content.fault), ranges: unknown } }];
  }
  const { blocks } = delivery.content;
  const rowsOf = (wanted: Ranges) => rowsWithin(blocks, wanted).map((block) => rowBlockOf(planned, block));
  const rows = rowsOf(unknown);
  const found = await owner.writer.untilItAnswers("compare a repeat", () => owner.store.compare(rows));
  const lost = owner.tenures.isDoubtful(delivery.place) ? found.missing : none;
  if (lost.length > 0) await owner.writer.write(rowsOf(lost));
  const different = subtract(found.different, lost);
  if (different.length === 0) return [];
  const reason = "A repeat differs from the rows that are stored under its keys";
  return [{ planned, cause: { code: "different_body", reason, ranges: different } }];
}
