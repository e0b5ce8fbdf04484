/** How long a certificate still serves, and when that is said. Pure. */
import { ok } from "node:assert/strict";
import { certificateWarningDays } from "../limits.ts";

const dayMs = 86_400_000;
/** Of its life: a warning earlier than that would come with every new certificate, and be read by nobody. */
const earliestPart = 2 / 3;

/** From when and until when, milliseconds since 1970. */
export interface Validity {
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** Days until it ends, with fractions; negative after its end. */
export function daysLeft({ notAfterMs }: Pick<Validity, "notAfterMs">, nowMs: number): number {
  return (notAfterMs - nowMs) / dayMs;
}

/**
 * The warnings of one certificate: one at 30, 7 and 1 days before its end and one at its end, each once; of several that
 * are due together, as after a start, the most urgent alone.
 */
export class ExpiryWarnings {
  readonly #validity: Validity;
  /** Days, falling; those that are not said yet. */
  #left: readonly number[];

  constructor(validity: Validity) {
    ok(certificateWarningDays.every((days, i) => i === 0 || days < certificateWarningDays[i - 1]), "they fall");
    this.#validity = validity;
    const lifeDays = daysLeft(validity, validity.notBeforeMs);
    this.#left = [...certificateWarningDays.filter((days) => days <= lifeDays * earliestPart), 0];
  }

  /** The number of days that is to be warned of now; 0: it has ended; undefined: nothing new. */
  poll(nowMs: number): number | undefined {
    const left = daysLeft(this.#validity, nowMs);
    const due = this.#left.filter((days) => left <= days);
    this.#left = this.#left.slice(due.length);
    return due.at(-1);
  }
}
