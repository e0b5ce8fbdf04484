/**
 * What the list of one issuer is worth at a moment: nothing is taken that is older than what is held, and what is held
 * grows stale. Source: protocol.md section 3.
 *
 * | standing | when                                    | not on the list may log in | may stay |
 * |----------|-----------------------------------------|----------------------------|----------|
 * | none     | no list since the start                 | no                         | no       |
 * | fresh    | not stale                               | yes                        | yes      |
 * | grace    | stale for less than the login grace     | yes                        | yes      |
 * | closed   | for less than the session grace         | no                         | yes      |
 * | lost     | for longer                              | no                         | no       |
 *
 * Who is on the list may do neither, whatever the standing. A list is stale from its next update on, and from the
 * second poll on that did not bring it or a newer one: a good list may say that it ends in a week, and what was revoked
 * within that week is on another.
 */
import { type Crl, type CrlIssuer, readCrl } from "#proto/base/crl.ts";
import { Fault } from "#proto/errors.ts";
import type { Instant } from "#proto/instant.ts";
import { crlFutureToleranceMs } from "./limits.ts";

/** See the table at the head of this file. */
export const standings = ["none", "fresh", "grace", "closed", "lost"] as const;
/** One of {@link standings}. */
export type Standing = (typeof standings)[number];

/** How one issuer's list is looked after. */
export interface CrlTerms {
  readonly pollMs: number;
  /** How long after a list has gone stale vehicles may log in by it, and may stay. */
  readonly loginGraceMs: number;
  readonly sessionGraceMs: number;
}

/** One issuer. */
export class CrlStanding {
  readonly issuer: CrlIssuer;
  readonly #terms: CrlTerms;
  #held: Crl | undefined;
  /** Uptime at which the list held was last seen to be the newest. */
  #confirmedAtMs = -Infinity;

  constructor(issuer: CrlIssuer, terms: CrlTerms) {
    this.issuer = issuer;
    this.#terms = terms;
  }

  /** The newest list, which may be stale. */
  get held(): Crl | undefined {
    return this.#held;
  }

  /** Takes a list (DER) as it was fetched; tells whether it is another than before. Throws `bad_crl`, `too_large`. */
  handleFetched(bytes: Uint8Array, now: Instant): "new" | "same" {
    const crl = readCrl(bytes, this.issuer, this.#held);
    this.#checkOrder(crl, now);
    const isNew = crl !== this.#held;
    this.#held = crl;
    this.#confirmedAtMs = now.uptimeMs;
    return isNew ? "new" : "same";
  }

  /** For how long the list has been stale; 0 while it is fresh, infinite without one. */
  staleMs(now: Instant): number {
    if (this.#held === undefined) return Infinity;
    const pastEndMs = wallMsOf(now) - this.#held.nextUpdateMs;
    const unconfirmedMs = now.uptimeMs - this.#confirmedAtMs - 2 * this.#terms.pollMs;
    return Math.max(0, pastEndMs, unconfirmedMs);
  }

  /** See the table at the head of this file. */
  standing(now: Instant): Standing {
    if (this.#held === undefined) return "none";
    const staleMs = this.staleMs(now);
    if (staleMs === 0) return "fresh";
    if (staleMs < this.#terms.loginGraceMs) return "grace";
    return staleMs < this.#terms.sessionGraceMs ? "closed" : "lost";
  }

  /** An authority never goes back: an older list hides whom it revoked since. */
  #checkOrder(crl: Crl, now: Instant): void {
    if (crl.thisUpdateMs > wallMsOf(now) + crlFutureToleranceMs) throw this.#refusal(crl, "it is from the future");
    const held = this.#held;
    if (held === undefined || crl === held) return;
    if (crl.number < held.number) throw this.#refusal(crl, `number ${held.number} was here before`);
    if (crl.number === held.number) throw this.#refusal(crl, "another list of that number was here before");
    if (crl.thisUpdateMs < held.thisUpdateMs) throw this.#refusal(crl, "it is older than the one before");
  }

  #refusal({ number }: Crl, why: string): Fault {
    return new Fault("bad_crl", `Cannot take CRL ${number} of "${this.issuer.name}": ${why}`);
  }
}

function wallMsOf({ wallNs }: Instant): number {
  return Number(wallNs / 1_000_000n);
}
