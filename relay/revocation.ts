/**
 * Whether certificates are revoked: the port through which logins and sessions ask, whoever answers. Lists of revoked
 * certificates do (crl_desk.ts); a client of OCSP, which has to ask before it can answer a login, fits as well.
 */
import type { Code } from "#proto/errors.ts";
import type { Standing } from "./crl_standing.ts";

/** What names a certificate. */
export interface CertificateName {
  /** Name of its issuer as DER, hex. */
  readonly issuer: string;
  /** Its number there: hex without leading zeros. */
  readonly serial: string;
}

/** Why a certificate may not be used: it is revoked, or nobody can tell. */
export interface RevocationReason {
  readonly code: Extract<Code, "certificate_revoked" | "revocation_unknown">;
  readonly detail: string;
}

/** What is known about one issuer, for metrics. */
export interface RevocationFacts {
  /** The issuer's common name. */
  readonly issuer: string;
  readonly standing: Standing;
  /** Infinite when nothing is known. */
  readonly staleSeconds: number;
  readonly revoked: number;
  readonly bytes: number;
  /** What became of fetches: `new`, `same`, or a code. */
  readonly fetches: ReadonlyMap<string, number>;
}

/** See the head of this file. */
export interface Revocation {
  /** Why a vehicle may not log in; undefined when it may. A promise settles within the time of a login, never rejects. */
  reasonAgainstLogin(
    certificate: CertificateName,
  ): RevocationReason | undefined | Promise<RevocationReason | undefined>;
  /** Why a session may not go on, by what is known already. A certificate of which this is so is not challenged either. */
  reasonAgainstSession(certificate: CertificateName): RevocationReason | undefined;
  /** Why no vehicle of some issuer can log in; undefined when all can that are not revoked. */
  reasonAgainstReady(): string | undefined;
  /** Someone says that there is news. It is looked for and not believed. */
  handleHint(): void;
  /** Keeps what is known fresh until the signal fires. `onNews` is called when others are revoked than before. */
  run(onNews: () => void, signal: AbortSignal): Promise<void>;
  facts(): readonly RevocationFacts[];
}

/** Nothing is ever revoked: development. */
export const revocationOff: Revocation = {
  reasonAgainstLogin: () => undefined,
  reasonAgainstSession: () => undefined,
  reasonAgainstReady: () => undefined,
  handleHint: () => {},
  run: () => Promise.resolve(),
  facts: () => [],
};
