/** Every invariant that a world is watched by. */
import { cap } from "./cap.ts";
import type { Check } from "./check.ts";
import { genuine } from "./genuine.ts";
import { kept } from "./kept.ts";
import { ledgerAgrees } from "./ledger_agrees.ts";
import { noCopies } from "./no_copies.ts";
import { noFalseDifference } from "./no_false_difference.ts";
import { oneOffset } from "./one_offset.ts";
import { order } from "./order.ts";
import { prompt } from "./prompt.ts";
import { quarantineOnce } from "./quarantine_once.ts";
import { queryable } from "./queryable.ts";
import { settledByVerdict } from "./settled_by_verdict.ts";
import { single } from "./single.ts";
import { trueGaps } from "./true_gaps.ts";
import { verdictStays } from "./verdict_stays.ts";
import { waits } from "./waits.ts";

/** Makes fresh checkers for one world. */
export function allChecks(): Check[] {
  return [
    ...[kept(), single(), genuine(), ledgerAgrees(), oneOffset(), order(), cap(), waits()],
    ...[queryable(), verdictStays(), quarantineOnce(), noFalseDifference(), trueGaps()],
    ...[prompt(), noCopies(), settledByVerdict()],
  ];
}
