/**
 * What a vehicle signs to log in, and how anyone with the root checks it later. Source: protocol.md section 3.
 */
import type { KeyObject } from "node:crypto";
import type { CertificateCheck, CertificateFacts } from "./base/certificate.ts";
import type { Code } from "./errors.ts";
import type { Challenge, Hello, ProofFields } from "./gen/systemscale/link/v1/login_pb.ts";

/** ALPN of the link, on QUIC and TLS alike. */
export const alpn = "systemscale/1";
/** The one version of the protocol so far. */
export const protocolVersion = 1;

/** The three parts of a login that are kept: payloads exactly as they travelled. */
export interface LoginTranscript {
  readonly hello: Uint8Array;
  readonly challenge: Uint8Array;
  readonly proof: { readonly fields: Uint8Array; readonly signature: Uint8Array };
}

/** What a verified transcript proves. */
export interface VerifiedLogin extends CertificateFacts {
  readonly hello: Hello;
  readonly challenge: Challenge;
  readonly fields: ProofFields;
}

/** A refusal as a normal result. */
export interface LoginFault {
  readonly ok: false;
  readonly code: Code;
  readonly detail: string;
}

/** The exact bytes that are signed. */
export function loginBytes(_parts: { hello: Uint8Array; challenge: Uint8Array; fields: Uint8Array }): Uint8Array {
  throw new Error("to be written");
}

/** Checks the signature of a transcript by a key that is already trusted. */
export function verifyLoginSignature(_transcript: LoginTranscript, _publicKey: KeyObject): boolean {
  throw new Error("to be written");
}

/**
 * Checks a whole transcript: forms, that Hello and Challenge name the same node, certificate chain at `nowMs`
 * (milliseconds since 1970), signature. Does not know whether the nonce was fresh: only the relay that made it does.
 */
export function verifyTranscript(
  _transcript: LoginTranscript,
  _options: { readonly checkChain: CertificateCheck; readonly nowMs: number },
): ({ readonly ok: true } & VerifiedLogin) | LoginFault {
  throw new Error("to be written");
}
