import { deepEqual, equal, ok, throws } from "node:assert/strict";
import fc from "fast-check";
import { toBinary } from "@bufbuild/protobuf";
import { type SessionProof, SessionProofSchema } from "./gen/systemscale/log/v1/presence_pb.ts";
import { parseRelayName } from "./ids.ts";
import { type Carried, readSessionProof, sealSession, verifySession } from "./session_proof.ts";
import { makeSessionFixture } from "./testing/session.ts";

const carried: Carried = { relay: parseRelayName("relay-1"), shard: 2, session: new Uint8Array(16).fill(7) };
const { login, node, checkChain, nowMs, otherNode, seal } = await makeSessionFixture();
const sealed = seal(carried);
const good = readSessionProof(sealed);
const verify = (proof: SessionProof) => verifySession(proof, { checkChain });

Deno.test("a proof says which vehicle is carried by which relay under which session", () => {
  const verdict = verify(good);
  ok(verdict.ok);
  const { vehicle, relay, shard, session } = verdict;
  deepEqual({ vehicle, relay, shard, session }, { vehicle: "drone-001", ...carried });
});

Deno.test("a relay that heard of a login cannot pass the session off as its own", async () => {
  const thief = await otherNode();
  const { transcript } = login;
  const claims: SessionProof[] = [
    { ...good, relay: "relay-2" },
    { ...good, shard: 0 },
    { ...good, session: new Uint8Array(16) },
    // Signed by its own key, with its own certificate or with the one that the vehicle saw.
    readSessionProof(sealSession(login.vehicle, { carried, transcript, node: thief })),
    readSessionProof(sealSession(login.vehicle, { carried, transcript, node: { ...node, signer: thief.signer } })),
    { ...good, nodeCertificate: thief.certificate },
    { ...good, nodeCertificate: new Uint8Array(0) },
    { ...good, nodeCertificate: new Uint8Array(100).fill(48) },
  ];
  for (const claim of claims) {
    const verdict = verify(claim);
    deepEqual([verdict.ok, !verdict.ok && verdict.code], [false, "bad_proof"], claim.relay);
  }
});

Deno.test("the vehicle is the one that signed, whatever the proof calls it", () => {
  const verdict = verify({ ...good, vehicleId: "drone-002" });
  equal(!verdict.ok && verdict.detail, 'It is of vehicle "drone-001"');
});

Deno.test("it is checked as of its login, and as of another moment when asked", () => {
  const later = verifySession(good, { checkChain, nowMs: nowMs + 86_400_000 });
  equal(!later.ok && later.code, "certificate_expired");
});

Deno.test("no proof with a bit turned is believed", () => {
  fc.assert(fc.property(fc.nat(sealed.byteLength * 8 - 1), (bit) => {
    const bytes = sealed.slice();
    bytes[bit >> 3] ^= 1 << (bit & 7);
    let proof: SessionProof;
    try {
      proof = readSessionProof(bytes);
    } catch {
      return;
    }
    // A field that nobody knows any more says nothing: what is left must be what was sealed, or be refused.
    const isSame = toBinary(SessionProofSchema, { ...proof, $unknown: [] }).toHex() === sealed.toHex();
    equal(verify(proof).ok, isSame);
  }));
});

Deno.test("what is no proof is refused with a code", () => {
  throws(() => readSessionProof(Uint8Array.of(255, 255)), { code: "bad_proof" });
});
