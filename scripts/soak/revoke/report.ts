/** What a run of the revocation rig says, and whether it is good. */
import { percentilesOf, percentilesText } from "../../bench/percentiles.ts";

/** What came of it. */
export interface RevokeResult {
  /** From the moment when step was asked to revoke to the end of the link, milliseconds; one for each vehicle. */
  readonly cutMs: readonly number[];
  /** Codes with which links ended, and those of the logins after it. */
  readonly ends: readonly string[];
  readonly logins: readonly string[];
  /** How the link of a vehicle that nobody revoked ended; undefined: it lives. */
  readonly bystanderEnd: string | undefined;
}

/** How revocations reach the relay. */
export interface RevokeTerms {
  readonly hints: boolean;
  readonly pollSeconds: number;
}

/** goals.md R14: with hints, milliseconds that 99 of 100 may take. */
const p99MsMax = 1_000;
/** What step, the authority and a fetch take beside the poll. */
const besideMs = 1_000;

/** What is missed, as lines; none when all is well. */
export function missedBy({ cutMs, ends, logins, bystanderEnd }: RevokeResult, terms: RevokeTerms): string[] {
  const { p99, max } = percentilesOf(cutMs);
  const code = "certificate_revoked";
  const pollMs = terms.pollSeconds * 1000 + besideMs;
  return [
    ...ends.filter((end) => end !== code).map((end) => `a link ended with "${end}"`),
    ...logins.filter((login) => login !== code).map((login) => `a login afterwards ended with "${login}"`),
    ...(bystanderEnd === undefined ? [] : [`the link of another vehicle ended: ${bystanderEnd}`]),
    ...(terms.hints && p99 > p99MsMax ? [`p99 ${p99.toFixed(0)} ms, wanted ${p99MsMax}`] : []),
    ...(max > pollMs ? [`max ${max.toFixed(0)} ms, wanted the poll of ${terms.pollSeconds} s and ${besideMs} ms`] : []),
  ];
}

/** For people. */
export function revokeText(result: RevokeResult, terms: RevokeTerms): string {
  const missed = missedBy(result, terms);
  return [
    `${result.cutMs.length} vehicles revoked while they streamed, hints ${terms.hints ? "on" : "off"}, ` +
    `poll ${terms.pollSeconds} s`,
    `cut after ${percentilesText(percentilesOf(result.cutMs), 0)}`,
    ...(missed.length === 0 ? ["as wanted"] : missed.map((line) => `MISSED: ${line}`)),
  ].join("\n");
}
