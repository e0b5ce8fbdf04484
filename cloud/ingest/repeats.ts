/**
 * The repeats of one commit, compared with the rows that are stored under their keys: what equals them gets its verdict
 * again, what differs is kept aside and changes nothing.
 */
import { Fault } from "#proto/errors.ts";
import { intersect, none, type Ranges, subtract, union } from "#proto/ranges.ts";
import { joinComparisons } from "../lib/store/compare.ts";
import type { Comparison, RowBlock } from "../lib/store/rows.ts";
import { type Aside, causeOf } from "./aside.ts";
import { compareStored } from "./compare_stored.ts";
import { decidedBefore } from "./decide.ts";
import type { Owner } from "./owner.ts";
import { lineOf, type Planned } from "./plan.ts";
import { rowBlockOf, rowsWithin } from "./rows.ts";
import type { Verdict } from "./verdicts.ts";

/** A repeat, and the seqs of it that are to be compared: they are stored, and quarantine knows nothing of them. */
interface Question {
  readonly planned: Planned;
  readonly seqs: Ranges;
}

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
    const questions = this.#all.map((planned) => this.#questionOf(planned)).filter(({ seqs }) => seqs.length > 0);
    const aside: Aside[] = [];
    for (const round of roundsOf(questions)) aside.push(...await differencesOf(round, this.#owner));
    return aside;
  }

  /** The verdicts that they have. */
  verdicts(): Verdict[] {
    return this.#all.map((one) => decidedBefore(one, { seqs: one.repeated }, this.#owner));
  }

  #questionOf(planned: Planned): Question {
    const { key, delivery, repeated } = planned;
    const { ledger, held } = this.#owner;
    const committed = intersect(lineOf(key, ledger)?.committed ?? none, repeated);
    const before = this.#compared.get(planned) ?? none;
    this.#compared.set(planned, union(before, committed));
    return { planned, seqs: subtract(subtract(committed, before), held.allOf(key.vehicle, delivery)) };
  }
}

/**
 * What can be asked at once: a round repeats no seq twice. For a row that the store has lost is written again by the round,
 * and another body for it must be compared with that.
 */
function roundsOf(questions: readonly Question[]): Question[][] {
  const rounds: { asked: Map<string, Ranges>; questions: Question[] }[] = [];
  for (const question of questions) {
    const { planned: { key }, seqs } = question;
    const series = `${key.vehicle}/${key.epoch}/${key.class}`;
    let round = rounds.find(({ asked }) => intersect(asked.get(series) ?? none, seqs).length === 0);
    if (round === undefined) rounds.push(round = { asked: new Map(), questions: [] });
    round.asked.set(series, union(round.asked.get(series) ?? none, seqs));
    round.questions.push(question);
  }
  return rounds.map((round) => round.questions);
}

async function differencesOf(questions: readonly Question[], owner: Owner): Promise<Aside[]> {
  const asked = questions.map((question) => ({ ...question, rows: rowsOf(question) }));
  const found = await compareStored(asked.flatMap(({ rows }) => rows), owner);
  const judged = asked.map((one) => judge(one, one.rows.map((row) => found.get(row)!), owner));
  const lost = judged.flatMap((one) => one.lost);
  if (lost.length > 0) await owner.writer.write(lost);
  return judged.flatMap((one) => one.aside);
}

/** Says what of a repeat is kept aside, and what is written again because the store has lost it. */
function judge(
  { planned, seqs }: Question,
  found: readonly (Comparison | Fault)[],
  { tenures }: Pick<Owner, "tenures">,
): { readonly aside: readonly Aside[]; readonly lost: readonly RowBlock[] } {
  const { content, place } = planned.delivery;
  const fault = "fault" in content ? content.fault : found.find((one) => one instanceof Fault);
  if (fault !== undefined) return { aside: [{ planned, cause: { ...causeOf(fault), ranges: seqs } }], lost: [] };
  const compared = joinComparisons(found.flatMap((one) => one instanceof Fault ? [] : [one]));
  const lost = tenures.isDoubtful(place) ? compared.missing : none;
  const different = subtract(compared.different, lost);
  const reason = "A repeat differs from the rows that are stored under its keys";
  return {
    aside: different.length === 0 ? [] : [{ planned, cause: { code: "different_body", reason, ranges: different } }],
    lost: rowsOf({ planned, seqs: lost }),
  };
}

function rowsOf({ planned, seqs }: Question): RowBlock[] {
  const { content } = planned.delivery;
  return "fault" in content ? [] : rowsWithin(content.blocks, seqs).map((block) => rowBlockOf(planned, block));
}
