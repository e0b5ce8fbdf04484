/**
 * Who carries a session, so that everybody can check it: the vehicle's signed login, and over it the word of the node
 * that the vehicle logged in to. Source: protocol.md section 3, takeover.
 *
 *     root -- vehicle's certificate -- its key signs: I log in to the node with this TLS certificate
 *                                                          `-- its key signs: under this session, through this relay
 *
 * So a relay that has only heard of a login cannot pass the session off as its own. Signed by the node are six items, each
 * with its length before it: context string, relay, shard, session, SHA-256 of what the vehicle signed, its signature.
 */
import { createHash, X509Certificate } from "node:crypto";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import type { CertificateCheck } from "./base/certificate.ts";
import { lengthPrefixed } from "./base/length_prefixed.ts";
import { Fault } from "./errors.ts";
import { type SessionProof, SessionProofSchema } from "./gen/systemscale/log/v1/presence_pb.ts";
import { parseRelayName, type RelayName, type VehicleId } from "./ids.ts";
import { type Signer, verifySignature } from "./signature.ts";
import {
  alpn,
  loginBytes,
  type LoginFault,
  type LoginTranscript,
  type VerifiedLogin,
  verifyTranscript,
} from "./transcript.ts";

const contextText = "SystemScale link, session version 1: a node tells which relay carries a login\0";

/** Which relay carries which session. */
export interface Carried {
  readonly relay: RelayName;
  readonly shard: number;
  readonly session: Uint8Array;
}

/** What a node shows to vehicles, and its key. */
export interface NodeIdentity {
  /** DER of its TLS certificate. */
  readonly certificate: Uint8Array;
  /** Of that: what Challenge carries. */
  readonly sha256: Uint8Array;
  readonly signer: Signer;
}

/** The identity of a node with this certificate, DER, and its key. */
export function makeNodeIdentity(certificate: Uint8Array, signer: Signer): NodeIdentity {
  return { certificate, sha256: sha256(certificate), signer };
}

/** What a verified proof of a session proves. */
export interface ProvenSession extends VerifiedLogin, Carried {}

/** Encodes the proof of a login, signed by the node. The transcript's Challenge must name that node's certificate. */
export function sealSession(
  vehicle: VehicleId,
  { carried, transcript, node }: { carried: Carried; transcript: LoginTranscript; node: NodeIdentity },
): Uint8Array {
  const proof = create(SessionProofSchema, {
    vehicleId: vehicle,
    ...carried,
    ...transcript,
    alpn,
    nodeCertificate: node.certificate,
    nodeSignature: node.signer.sign(carriedBytes(carried, transcript)),
  });
  return toBinary(SessionProofSchema, proof);
}

/** Decodes a proof without believing it; throws `bad_proof` when it is none. */
export function readSessionProof(bytes: Uint8Array): SessionProof {
  try {
    return fromBinary(SessionProofSchema, bytes);
  } catch (cause) {
    throw new Fault("bad_proof", "Cannot read proof of session: not a SessionProof", { cause });
  }
}

/**
 * Checks a proof: the login as of `nowMs` (milliseconds since 1970; the moment of its Challenge by default), its vehicle, and
 * the node's word.
 */
export function verifySession(
  proof: SessionProof,
  options: { readonly checkChain: CertificateCheck; readonly nowMs?: number },
): ({ readonly ok: true } & ProvenSession) | LoginFault {
  const { hello, challenge } = proof;
  const transcript = { hello, challenge, proof: proof.proof ?? noProof };
  const verdict = verifyTranscript(transcript, options);
  if (!verdict.ok) return verdict;
  const refused = (detail: string): LoginFault => ({ ok: false, code: "bad_proof", detail });
  if (proof.alpn !== alpn) return refused("It is of another protocol");
  if (verdict.vehicle !== proof.vehicleId) return refused(`It is of vehicle "${verdict.vehicle}"`);
  try {
    const carried = { relay: parseRelayName(proof.relay), shard: proof.shard, session: proof.session };
    if (!isWordOfNode(proof, { carried, transcript, verdict })) {
      return refused("Who carries the session is not said by the node that the vehicle logged in to");
    }
    return { ...verdict, ...carried };
  } catch (thrown) {
    if (thrown instanceof Fault) return refused(thrown.message);
    throw thrown;
  }
}

function isWordOfNode(
  { nodeCertificate, nodeSignature }: SessionProof,
  login: { carried: Carried; transcript: LoginTranscript; verdict: VerifiedLogin },
): boolean {
  const { carried, transcript, verdict } = login;
  if (sha256(nodeCertificate).toHex() !== verdict.challenge.tlsCertificateSha256.toHex()) return false;
  const { publicKey } = readCertificate(nodeCertificate);
  return verifySignature(publicKey, { bytes: carriedBytes(carried, transcript), signature: nodeSignature });
}

function carriedBytes({ relay, shard, session }: Carried, { hello, challenge, proof }: LoginTranscript): Uint8Array {
  const text = new TextEncoder();
  return lengthPrefixed([
    text.encode(contextText),
    text.encode(relay),
    text.encode(`${shard}`),
    session,
    sha256(loginBytes({ hello, challenge, fields: proof.fields })),
    proof.signature,
  ]);
}

function readCertificate(der: Uint8Array): X509Certificate {
  try {
    return new X509Certificate(der);
  } catch (cause) {
    throw new Fault("bad_proof", "Cannot read the node's certificate: not DER of an X.509 certificate", { cause });
  }
}

function sha256(bytes: Uint8Array): Uint8Array {
  return createHash("sha256").update(bytes).digest();
}

const noProof = { fields: new Uint8Array(0), signature: new Uint8Array(0) };
