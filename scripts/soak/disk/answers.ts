/** What an agent answered while its disk was in some state, and how soon. Pure. */
import { percentilesOf, percentilesText } from "../../bench/percentiles.ts";

/** One post. */
export interface Answer {
  /** Milliseconds after the beginning of its phase at which it was sent. */
  readonly sentMs: number;
  readonly tookMs: number;
  /** `durable`, `buffered`, the code of a refusal, or `no answer`. */
  readonly outcome: string;
}

/** All answers to what was sent in one phase. */
export interface Phase {
  readonly name: string;
  /** Whether the disk is well, so that after {@link recoverMsMax} everything must be taken, and be durable in time again. */
  readonly isWell: boolean;
  readonly answers: readonly Answer[];
}

/** Every answer comes in that time (goals.md R6). */
const answerMsMax = 100;
/** A disk that is well again is used again in that time (goals.md R6). */
const recoverMsMax = 2_000;

/** Refusals that say the truth about a disk that takes nothing. */
const honest: ReadonlySet<string> = new Set([
  "durable",
  "buffered",
  "disk_full",
  "disk_failed",
  "ring_full",
  "unavailable",
]);

/** What a phase broke of the promises; empty for nothing. */
export function faultsOf({ name, isWell, answers }: Phase): string[] {
  const faults: string[] = [];
  const late = answers.filter(({ tookMs }) => tookMs > answerMsMax).length;
  if (late > 0) faults.push(`${name}: ${late} of ${answers.length} answers took more than ${answerMsMax} ms`);
  const strange = answers.filter(({ outcome }) => !honest.has(outcome));
  if (strange.length > 0) faults.push(`${name}: ${strange.length} answers were "${strange[0].outcome}"`);
  const recovered = isWell ? answers.filter(({ sentMs }) => sentMs > recoverMsMax) : [];
  const refused = recovered.filter(({ outcome }) => !isTaken(outcome));
  if (refused.length > 0) faults.push(`${name}: ${refused.length} frames were refused though the disk was well`);
  if (recovered.length > 0 && recovered.every(({ outcome }) => outcome !== "durable")) {
    faults.push(`${name}: nothing was durable though the disk was well`);
  }
  return faults;
}

/** On a busy machine a good disk may be late now and then. */
function isTaken(outcome: string): boolean {
  return outcome === "durable" || outcome === "buffered";
}

/** One line for people. */
export function phaseText({ name, isWell, answers }: Phase): string {
  const outcomes = [...Map.groupBy(answers, ({ outcome }) => outcome)].map(([outcome, { length }]) =>
    `${outcome} ${length}`
  );
  const sick = answers.findLast(({ outcome }) => !isTaken(outcome));
  const recovered = isWell && sick !== undefined ? `; well after ${(sick.sentMs / 1000).toFixed(1)} s` : "";
  return `${name.padEnd(10)} ${percentilesText(percentilesOf(answers.map(({ tookMs }) => tookMs)))}; ` +
    `${outcomes.join(", ")}${recovered}`;
}
