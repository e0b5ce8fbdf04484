/**
 * The relay's side of the login. Source: protocol.md section 3.
 *
 * | state | frame    | then  | step                    |
 * |-------|----------|-------|-------------------------|
 * | hello | Hello    | proof | send Challenge          |
 * | proof | Proof    | over  | accept                  |
 * | any   | other    | over  | refuse                  |
 * | any   | deadline | over  | refuse: `login_timeout` |
 *
 * The certificate is checked at Hello, so that a stranger costs one chain check and gets no signature to verify.
 */
import { ok } from "node:assert/strict";
import { type CertificateCheck, type CertificateFacts, claimedVehicle } from "./base/certificate.ts";
import { type Code, codes, Fault } from "./errors.ts";
import { frameKinds, type LinkFrame } from "./frame.ts";
import type { Challenge, Hello } from "./gen/systemscale/link/v1/login_pb.ts";
import type { Instant } from "./instant.ts";
import { linkHeaderBytes, loginTimeoutMs } from "./limits.ts";
import { decodeMessage, encodeMessage } from "./link_message.ts";
import {
  type LoginTranscript,
  nonceBytes,
  protocolVersion,
  readHello,
  readProof,
  type VerifiedLogin,
  verifyLoginSignature,
} from "./transcript.ts";

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
  /** Answer with `encodeMessage("welcome", ...)` or {@link RelayLogin.refuse}. */
  | { readonly kind: "accept"; readonly login: AcceptedLogin }
  | RelayLoginRefusal;

/** A refusal, with what the relay counts and reports. Write the bytes, then close the link with the code. */
export interface RelayLoginRefusal {
  readonly kind: "refuse";
  readonly code: Code;
  readonly detail: string;
  /** The Refuse frame. */
  readonly bytes: Uint8Array;
  /** Vehicle id that the leaf claims, checked for form only, unproven; empty when none could be read. */
  readonly claimed: string;
}

/** Pace for refusals that may pass by themselves. */
const retryAfterMsDefault = 5_000;

/** What is known between Challenge and Proof. */
interface Pending {
  readonly facts: CertificateFacts;
  readonly hello: Hello;
  readonly helloBytes: Uint8Array;
  readonly challenge: Challenge;
  readonly challengeBytes: Uint8Array;
}

/** One login. Build it when the link comes in, then feed it the control lane. */
export class RelayLogin {
  /** Uptime at which {@link poll} gives up; the Challenge's nonce dies with it. */
  readonly deadlineMs: number;
  readonly #options: RelayLoginOptions;
  #pending: Pending | undefined;
  #claimed = "";
  #over = false;

  constructor(options: RelayLoginOptions, now: Instant) {
    ok(options.nonce.byteLength === nonceBytes, `nonce has ${nonceBytes} bytes`);
    this.#options = options;
    this.deadlineMs = now.uptimeMs + loginTimeoutMs;
  }

  /** The certificate that Hello shows: checked, and not proven to be the peer's before Proof. Undefined before Hello. */
  get certificate(): Pick<CertificateFacts, "issuer" | "serial"> | undefined {
    return this.#pending?.facts;
  }

  /** Takes a frame of the control lane. */
  handleFrame(frame: LinkFrame, now: Instant): RelayLoginStep {
    ok(!this.#over, "login goes on");
    const step = this.poll(now) ?? this.#stepOf(frame, now);
    this.#over = step.kind !== "send";
    return step;
  }

  /** The refusal `login_timeout` once the deadline has passed. */
  poll(now: Instant): RelayLoginRefusal | undefined {
    if (this.#over || now.uptimeMs < this.deadlineMs) return undefined;
    return this.refuse({ code: "login_timeout", detail: `Cannot finish login: it took over ${loginTimeoutMs} ms` });
  }

  /** Refuses for a reason of the relay's own, at any moment: `busy`, `certificate_revoked`, a frame that is too large. */
  refuse(reason: { code: Code; detail: string; retryAfterMs?: number }): RelayLoginRefusal {
    this.#over = true;
    const { code, detail } = reason;
    const retryAfterMs = reason.retryAfterMs ?? (codes[code].retry ? retryAfterMsDefault : 0);
    const bytes = encodeMessage("refuse", { code, detail, retryAfterMs });
    return { kind: "refuse", code, detail, bytes, claimed: this.#claimed };
  }

  #stepOf(frame: LinkFrame, now: Instant): RelayLoginStep {
    try {
      if (frame.kind === frameKinds.hello && this.#pending === undefined) return this.#challenge(frame.payload, now);
      if (frame.kind === frameKinds.proof && this.#pending !== undefined) {
        return this.#accept(frame.payload, this.#pending);
      }
      throw new Fault("unexpected_frame", `Cannot go on with login: frame of kind ${frame.kind} does not belong here`);
    } catch (thrown) {
      if (thrown instanceof Fault) return this.refuse({ code: thrown.code, detail: thrown.message });
      throw thrown;
    }
  }

  #challenge(payload: Uint8Array, now: Instant): RelayLoginStep {
    const hello = readHello(payload);
    this.#claimed = claimedVehicle(hello.chain[0]);
    const { node, nonce, tlsCertificateSha256, checkChain } = this.#options;
    if (hello.node !== node) {
      throw new Fault("wrong_node", `Cannot accept Hello for node "${hello.node}": this is "${node}"`);
    }
    const verdict = checkChain(hello.chain, Number(now.wallNs / 1_000_000n));
    if (!verdict.ok) throw new Fault(verdict.code, verdict.detail);
    const bytes = encodeMessage("challenge", {
      version: protocolVersion,
      nonce,
      node,
      tlsCertificateSha256,
      relayTimeNs: now.wallNs,
    }, { mustUnderstand: true });
    const challengeBytes = bytes.slice(linkHeaderBytes);
    const challenge = decodeMessage("challenge", challengeBytes);
    this.#pending = { facts: verdict, hello, helloBytes: payload.slice(), challenge, challengeBytes };
    return { kind: "send", bytes };
  }

  #accept(payload: Uint8Array, pending: Pending): RelayLoginStep {
    const { facts, hello, challenge } = pending;
    const proof = readProofMessage(payload);
    const fields = readProof(proof);
    const transcript: LoginTranscript = { hello: pending.helloBytes, challenge: pending.challengeBytes, proof };
    if (!verifyLoginSignature(transcript, facts.publicKey)) {
      throw new Fault(
        "bad_proof",
        "Cannot accept Proof: its signature is not by the certificate's key over this login",
      );
    }
    const { vehicle, publicKey, notAfterMs, issuer, serial } = facts;
    const login = { vehicle, publicKey, notAfterMs, issuer, serial, hello, challenge, fields, transcript };
    return { kind: "accept", login };
  }
}

function readProofMessage(payload: Uint8Array): LoginTranscript["proof"] {
  try {
    const { fields, signature } = decodeMessage("proof", payload);
    return { fields, signature };
  } catch (cause) {
    throw new Fault("bad_proof", "Cannot accept Proof: it cannot be decoded", { cause });
  }
}
