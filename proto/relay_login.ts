/** The relay's side of the login. Source: protocol.md section 3. */
import type { CertificateCheck } from "./base/certificate.ts";
import type { Code } from "./errors.ts";
import type { LinkFrame } from "./frame.ts";
import type { Instant } from "./instant.ts";
import type { MessageInit } from "./link_message.ts";
import type { LoginTranscript, VerifiedLogin } from "./transcript.ts";

/** Who asks for the proof. */
export interface RelayLoginOptions {
  /** The relay's own node name. */
  readonly node: string;
  /** SHA-256 of the relay's TLS leaf certificate (DER). */
  readonly tlsCertificateSha256: Uint8Array;
  /** 32 fresh random bytes, for this login only. */
  readonly nonce: Uint8Array;
  readonly checkChain: CertificateCheck;
}

/** A login that the protocol accepts; admission (revoked, busy, duplicate) is still the relay's to decide. */
export interface AcceptedLogin extends VerifiedLogin {
  /** For `SessionProof`: exactly what travelled. */
  readonly transcript: LoginTranscript;
}

/** What to do next. After anything but `send` the machine is done. */
export type RelayLoginStep =
  /** Write these bytes (a whole frame) on the control lane. */
  | { readonly kind: "send"; readonly bytes: Uint8Array }
  /** Answer with `encodeMessage("welcome", ...)` or `RelayLogin.refuse(...)`. */
  | { readonly kind: "accept"; readonly login: AcceptedLogin }
  /** Write the bytes (Refuse), then close the link with the code. */
  | RelayLoginRefusal;

/** A refusal, with what the relay counts and reports. */
export interface RelayLoginRefusal {
  readonly kind: "refuse";
  readonly code: Code;
  readonly detail: string;
  /** The Refuse frame. */
  readonly bytes: Uint8Array;
  /** Vehicle id that the leaf claims, checked for form only, unproven; empty when none could be read. */
  readonly claimed: string;
}

/** One login. */
export class RelayLogin {
  /** Uptime at which {@link poll} gives up. */
  readonly deadlineMs: number;

  constructor(_options: RelayLoginOptions, _now: Instant) {
    throw new Error("to be written");
  }

  /** Takes a frame of the control lane. */
  handleFrame(_frame: LinkFrame, _now: Instant): RelayLoginStep {
    throw new Error("to be written");
  }

  /** The refusal `login_timeout` once the deadline has passed. */
  poll(_now: Instant): RelayLoginStep | undefined {
    throw new Error("to be written");
  }

  /** Refuses for a reason of the relay's own, at any moment: `busy`, `certificate_revoked`, a frame that is too large. */
  refuse(_reason: { code: Code; detail: string; retryAfterMs?: number }): RelayLoginRefusal {
    throw new Error("to be written");
  }

  /** The frame that sends the vehicle to another node; close the link with `draining` after it. */
  redirect(_redirect: MessageInit<"redirect">): Uint8Array {
    throw new Error("to be written");
  }
}
