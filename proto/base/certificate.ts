/**
 * Vehicle certificates: a closed profile instead of general path building. Source: protocol.md section 3.
 */
import type { KeyObject } from "node:crypto";
import type { Code } from "../errors.ts";
import type { VehicleId } from "../ids.ts";

/** What a good chain proves. */
export interface CertificateFacts {
  readonly vehicle: VehicleId;
  /** The leaf's key. */
  readonly publicKey: KeyObject;
  /** Milliseconds since 1970 at which leaf or intermediate ends, whichever is earlier. */
  readonly notAfterMs: number;
  /** The leaf's serial number, lower-case hex without leading zeros. */
  readonly serial: string;
}

/** Answer of a {@link CertificateCheck}. */
export type CertificateVerdict =
  | ({ readonly ok: true } & CertificateFacts)
  | { readonly ok: false; readonly code: Code; readonly detail: string };

/** Checks a chain (DER, leaf first, root left out) at a moment (milliseconds since 1970). Never throws. */
export type CertificateCheck = (chain: readonly Uint8Array[], nowMs: number) => CertificateVerdict;

/** What is trusted. */
export interface CertificateTrust {
  /** Pinned roots, PEM; each text may hold several. */
  readonly roots: readonly string[];
  /** Known vehicle issuers, PEM. When given, leaves of any other issuer are refused, the roots included unless listed. */
  readonly issuers?: readonly string[];
}

/** Makes the check; throws `bad_config` when a root or issuer is not usable. */
export function certificateCheck(_trust: CertificateTrust): CertificateCheck {
  throw new Error("to be written");
}
