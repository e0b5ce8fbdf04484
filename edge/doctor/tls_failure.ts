/** Reads the runtime's words for a TLS handshake that failed. Source: rustls, `CertificateError`; measured on Deno 2.9.5. */
import type { Cause } from "./finding.ts";

/** Causes that a handshake fails for. */
export type TlsFailure = Extract<
  Cause,
  | "relay_name_mismatch"
  | "relay_issuer_unknown"
  | "relay_certificate_expired"
  | "relay_certificate_not_yet_valid"
  | "relay_not_ours"
  | "network_down"
>;

const patterns: readonly (readonly [RegExp, TlsFailure])[] = [
  [/not valid for name|NotValidForName/, "relay_name_mismatch"],
  [/UnknownIssuer|BadSignature|CaUsedAsEndEntity/, "relay_issuer_unknown"],
  [/certificate expired|Expired/, "relay_certificate_expired"],
  [/not valid yet|NotValidYet/, "relay_certificate_not_yet_valid"],
  [/unreachable|os error|not permitted|sending UDP/i, "network_down"],
];

/** The cause; `relay_not_ours` when the words are none of those known: something else than a relay answers there. */
export function tlsFailureOf(reason: string): TlsFailure {
  return patterns.find(([pattern]) => pattern.test(reason))?.[1] ?? "relay_not_ours";
}
