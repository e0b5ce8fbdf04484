/**
 * What a vehicle signs to log in, and how anyone with the root checks it later. Source: protocol.md section 3.
 *
 * Signed are five items, each with its length (u32, little endian) before it: context string, ALPN, SHA-256 of the whole
 * Hello, SHA-256 of the whole Challenge, the Proof's fields. No TLS signature can look like that: TLS 1.3 signs 64
 * spaces first (RFC 8446 section 4.4.3); TLS 1.2 signs a ClientHello or the two randoms (RFC 5246 sections 7.4.3 and
 * 7.4.8), of which an attacker chooses 32 bytes at most, while the context string is longer.
 */
import { ok } from "node:assert/strict";
import { createHash, type KeyObject } from "node:crypto";
import type { CertificateCheck, CertificateFacts } from "./base/certificate.ts";
import { lengthPrefixed } from "./base/length_prefixed.ts";
import { type Code, Fault } from "./errors.ts";
import {
  type Challenge,
  type Hello,
  type Proof,
  type ProofFields,
  ProofFieldsSchema,
} from "./gen/systemscale/link/v1/login_pb.ts";
import { parseEpoch } from "./ids.ts";
import { ancestorsMax, certificateBytesMax, chainLengthMax } from "./limits.ts";
import { decodeMessage } from "./link_message.ts";
import { fromBinary } from "@bufbuild/protobuf";
import { signatureBytes, verifySignature } from "./signature.ts";

/** ALPN of the link, on QUIC and TLS alike. */
export const alpn = "systemscale/1";
/** The one version of the protocol so far. */
export const protocolVersion = 1;
/** Length of the nonces in Hello and Challenge. */
export const nonceBytes = 32;

const contextText = "SystemScale link, login version 1: a vehicle proves its certificate to one node\0";
const bootBytes = 16;
const sha256Bytes = 32;
/** Serialized ProofFields: two numbers; room for what later versions add. */
const proofFieldsBytesMax = 64;
const agentVersionLengthMax = 64;
const nodeNamePattern = /^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/;

ok(contextText.length >= 64, "the context string is longer than both randoms of TLS 1.2");

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
export function loginBytes(parts: { hello: Uint8Array; challenge: Uint8Array; fields: Uint8Array }): Uint8Array {
  const text = new TextEncoder();
  return lengthPrefixed([
    text.encode(contextText),
    text.encode(alpn),
    sha256(parts.hello),
    sha256(parts.challenge),
    parts.fields,
  ]);
}

/** Checks the signature of a transcript by a key that is already trusted. */
export function verifyLoginSignature(transcript: LoginTranscript, publicKey: KeyObject): boolean {
  const { hello, challenge, proof } = transcript;
  const bytes = loginBytes({ hello, challenge, fields: proof.fields });
  return verifySignature(publicKey, { bytes, signature: proof.signature });
}

/**
 * Checks a whole transcript: forms, that Hello and Challenge name the same node, certificate chain at `nowMs`
 * (milliseconds since 1970; the Challenge's own time by default), signature. Does not know whether the nonce was fresh: only the relay that made it does.
 */
export function verifyTranscript(
  transcript: LoginTranscript,
  options: { readonly checkChain: CertificateCheck; readonly nowMs?: number },
): ({ readonly ok: true } & VerifiedLogin) | LoginFault {
  try {
    const hello = readHello(transcript.hello);
    const challenge = readChallenge(transcript.challenge, hello.node);
    const verdict = options.checkChain(hello.chain, options.nowMs ?? Number(challenge.relayTimeNs / 1_000_000n));
    if (!verdict.ok) return verdict;
    const fields = readProof(transcript.proof);
    if (!verifyLoginSignature(transcript, verdict.publicKey)) {
      throw new Fault(
        "bad_proof",
        "Cannot accept Proof: its signature is not by the certificate's key over this login",
      );
    }
    return { ...verdict, hello, challenge, fields };
  } catch (thrown) {
    if (thrown instanceof Fault) return { ok: false, code: thrown.code, detail: thrown.message };
    throw thrown;
  }
}

/** Decodes a Hello and checks its form, not its certificates; throws `bad_hello` or `version_mismatch`. */
export function readHello(payload: Uint8Array): Hello {
  const hello = decodeAs("bad_hello", () => decodeMessage("hello", payload));
  const wanted = (good: boolean, what: string) => demand(good, { code: "bad_hello", what: `Hello: ${what}` });
  wanted(hello.nonce.byteLength === nonceBytes, `nonce of ${hello.nonce.byteLength} bytes, wanted ${nonceBytes}`);
  wanted(hello.boot.byteLength === bootBytes, `boot of ${hello.boot.byteLength} bytes, wanted ${bootBytes}`);
  wanted(
    hello.chain.length >= 1 && hello.chain.length <= chainLengthMax,
    `${hello.chain.length} certificates, wanted 1 to ${chainLengthMax}`,
  );
  const largest = Math.max(...hello.chain.map((der) => der.byteLength));
  wanted(largest <= certificateBytesMax, `certificate of ${largest} bytes, wanted at most ${certificateBytesMax}`);
  wanted(isNodeName(hello.node), `node is not a host name`);
  const epochs = [hello.epoch, ...hello.ancestors];
  wanted(epochs.length <= ancestorsMax + 1, `${epochs.length - 1} ancestors, wanted at most ${ancestorsMax}`);
  for (const epoch of epochs) decodeAs("bad_hello", () => parseEpoch(epoch));
  wanted(hello.agentVersion.length <= agentVersionLengthMax, `agent version is longer than ${agentVersionLengthMax}`);
  if (hello.versions.includes(protocolVersion)) return hello;
  const spoken = hello.versions.slice(0, 8).join(", ");
  throw new Fault("version_mismatch", `Cannot accept Hello: it speaks versions ${spoken}, wanted ${protocolVersion}`);
}

/** Decodes a Challenge and checks its form and node; throws `bad_message`, `version_mismatch` or `wrong_node`. */
export function readChallenge(payload: Uint8Array, node: string): Challenge {
  const challenge = decodeMessage("challenge", payload);
  const wanted = (good: boolean, what: string) => demand(good, { code: "bad_message", what: `Challenge: ${what}` });
  wanted(
    challenge.nonce.byteLength === nonceBytes,
    `nonce of ${challenge.nonce.byteLength} bytes, wanted ${nonceBytes}`,
  );
  const hashBytes = challenge.tlsCertificateSha256.byteLength;
  wanted(hashBytes === sha256Bytes, `certificate hash of ${hashBytes} bytes, wanted ${sha256Bytes}`);
  if (challenge.version !== protocolVersion) {
    throw new Fault("version_mismatch", `Cannot accept Challenge: it chose version ${challenge.version}`);
  }
  if (challenge.node === node) return challenge;
  throw new Fault(
    "wrong_node",
    `Cannot accept Challenge of node ${quoteName(challenge.node)}: wanted ${quoteName(node)}`,
  );
}

/** Checks the form of a Proof and decodes its fields; throws `bad_proof`. */
export function readProof(proof: Pick<Proof, "fields" | "signature">): ProofFields {
  const wanted = (good: boolean, what: string) => demand(good, { code: "bad_proof", what: `Proof: ${what}` });
  wanted(proof.signature.byteLength === signatureBytes, `signature of ${proof.signature.byteLength} bytes`);
  wanted(proof.fields.byteLength <= proofFieldsBytesMax, `fields of ${proof.fields.byteLength} bytes`);
  return decodeAs("bad_proof", () => fromBinary(ProofFieldsSchema, proof.fields));
}

/** Whether a text may name a node: a DNS host name or an address. */
export function isNodeName(text: string): boolean {
  return nodeNamePattern.test(text);
}

function demand(good: boolean, fault: { code: Code; what: string }): void {
  if (!good) throw new Fault(fault.code, `Cannot accept ${fault.what}`);
}

/** Whatever fails inside is the peer's fault, under that code. */
function decodeAs<T>(code: Code, decode: () => T): T {
  try {
    return decode();
  } catch (cause) {
    throw new Fault(code, cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

function sha256(bytes: Uint8Array): Uint8Array {
  return createHash("sha256").update(bytes).digest();
}

function quoteName(name: string): string {
  return JSON.stringify(name.slice(0, 80));
}
