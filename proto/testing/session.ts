/** Proofs of sessions for tests: a whole login, sealed by the node that it was made to. */
import { ok } from "node:assert/strict";
import { type CertificateCheck, certificateCheck } from "../base/certificate.ts";
import type { AcceptedLogin } from "../relay_login.ts";
import { type Carried, makeNodeIdentity, type NodeIdentity, sealSession } from "../session_proof.ts";
import { signerOf } from "../signature.ts";
import { frameOf, type LoginFixture, makeLoginFixture } from "./login.ts";

/** A vehicle, `drone-001` by its certificate, that has logged in to a node. */
export interface SessionFixture {
  readonly login: AcceptedLogin;
  readonly node: NodeIdentity;
  readonly checkChain: CertificateCheck;
  /** Milliseconds since 1970, of the login. */
  readonly nowMs: number;
  /** The identity of another node of the same fleet. */
  otherNode(): Promise<NodeIdentity>;
  /** The proof of the login under that session. */
  seal(carried: Carried): Uint8Array;
}

/** Makes the fixture. */
export async function makeSessionFixture(): Promise<SessionFixture> {
  const fixture = await makeLoginFixture();
  const { authority, now } = fixture;
  const nowMs = Number(now.wallNs / 1_000_000n);
  const validity = { notBeforeMs: nowMs - 3_600_000, notAfterMs: nowMs + 3_600_000 };
  const nodeOf = async (name: string) => {
    const { chain: [certificate], keyPem } = await authority.issueRelay(name, validity);
    return makeNodeIdentity(certificate, signerOf(keyPem));
  };
  const node = await nodeOf("relay-1.test");
  const login = logIn(fixture, node);
  return {
    login,
    node,
    checkChain: certificateCheck({ roots: [authority.root.certPem] }),
    nowMs,
    otherNode: () => nodeOf("relay-2.test"),
    seal: (carried) => sealSession(login.vehicle, { carried, transcript: login.transcript, node }),
  };
}

function logIn({ vehicle, relay, now }: LoginFixture, { sha256: tlsCertificateSha256 }: NodeIdentity): AcceptedLogin {
  const [there, here] = [vehicle(), relay({ tlsCertificateSha256 })];
  const challenge = here.handleFrame(frameOf(there.start()), now);
  ok(challenge.kind === "send");
  const proof = there.handleFrame(frameOf(challenge.bytes), now);
  ok(proof.kind === "send");
  const step = here.handleFrame(frameOf(proof.bytes), now);
  ok(step.kind === "accept");
  return step.login;
}
