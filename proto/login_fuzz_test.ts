import { deepStrictEqual, notDeepStrictEqual, ok, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { encodeFrame, type FrameKind, frameKinds, type LinkFrame } from "./frame.ts";
import { linkHeaderBytes } from "./limits.ts";
import { decodeMessage } from "./link_message.ts";
import type { RelayLoginStep } from "./relay_login.ts";
import { frameOf, makeLoginFixture } from "./testing/login.ts";
import { verifyTranscript } from "./transcript.ts";
import { certificateCheck } from "./base/certificate.ts";

const fixture = await makeLoginFixture();
const { now } = fixture;

/** A good login's three frames, each in fresh bytes, and the relay's end before the last. */
function goodFrames() {
  const [vehicle, relay] = [fixture.vehicle(), fixture.relay()];
  const hello = vehicle.start();
  const challenge = relay.handleFrame(frameOf(hello), now);
  ok(challenge.kind === "send");
  const proof = vehicle.handleFrame(frameOf(challenge.bytes), now);
  ok(proof.kind === "send");
  return { vehicle, relay, hello, challenge: challenge.bytes, proof: proof.bytes };
}

const kinds = fc.constantFrom<FrameKind>(...Object.values(frameKinds));
const anyFrame = fc.tuple(kinds, fc.uint8Array({ maxLength: 200 }))
  .map(([kind, payload]) => frameOf(encodeFrame(kind, { lane: "control", payload })));

Deno.test("random frames are answered by either side, and let nobody in", () => {
  fc.assert(
    fc.property(fc.array(anyFrame, { minLength: 1, maxLength: 4 }), fc.boolean(), (frames, afterHello) => {
      const { relay, vehicle } = { relay: fixture.relay(), vehicle: fixture.vehicle() };
      if (afterHello) relay.handleFrame(frameOf(vehicle.start()), now);
      strictEqual(firstEnd(frames, (frame) => relay.handleFrame(frame, now).kind), "refuse");
      const there = firstEnd(frames, (frame) => vehicle.handleFrame(frame, now).kind);
      ok(there !== "welcome" && there !== "send");
    }),
    { numRuns: 300 },
  );
});

/** What the first frame that does not let the login go on leads to. */
function firstEnd(frames: LinkFrame[], handle: (frame: LinkFrame) => string): string {
  for (const frame of frames) {
    const kind = handle(frame);
    if (kind !== "send") return kind;
  }
  return "send";
}

Deno.test("no changed bit of Hello, Challenge or Proof on the way lets a vehicle in", () => {
  fc.assert(
    fc.property(fc.constantFrom("hello", "challenge", "proof"), fc.nat(), fc.nat(7), (which, at, bit) => {
      const vehicle = fixture.vehicle();
      const relay = fixture.relay();
      const onTheWay = (part: string, bytes: Uint8Array) => {
        const frame = frameOf(bytes);
        if (part !== which) return frame;
        const payload = frame.payload.slice();
        payload[at % payload.byteLength] ^= 1 << bit;
        return { ...frame, payload };
      };
      const challenge = relay.handleFrame(onTheWay("hello", vehicle.start()), now);
      if (challenge.kind !== "send") return strictEqual(challenge.kind, "refuse");
      const proof = vehicle.handleFrame(onTheWay("challenge", challenge.bytes), now);
      if (proof.kind !== "send") return strictEqual(proof.kind, "refused");
      const step = relay.handleFrame(onTheWay("proof", proof.bytes), now);
      // The frame around the Proof's two parts is not signed; a change that leaves both as they were changes nothing.
      const { fields, signature } = decodeMessage("proof", proof.bytes.subarray(linkHeaderBytes));
      if (step.kind === "accept") deepStrictEqual(step.login.transcript.proof, { fields, signature });
      else strictEqual(step.kind, "refuse");
    }),
    { numRuns: 400 },
  );
});

Deno.test("a Hello or Proof cut at any byte is refused", () => {
  const { hello, proof } = goodFrames();
  const cut = (bytes: Uint8Array, length: number) => ({
    ...frameOf(bytes),
    payload: bytes.slice(linkHeaderBytes, length),
  });
  for (let length = linkHeaderBytes; length < hello.byteLength; length += 3) {
    const relay = fixture.relay();
    const step: RelayLoginStep = relay.handleFrame(cut(hello, length), now);
    // Cut between two fields it is a shorter Hello, which may be complete: but then what was signed is not what came.
    if (step.kind === "send") strictEqual(relay.handleFrame(frameOf(proof), now).kind, "refuse");
    else strictEqual(step.kind, "refuse");
  }
  for (let length = linkHeaderBytes; length < proof.byteLength; length++) {
    const { relay, proof: own } = goodFrames();
    strictEqual(relay.handleFrame(cut(own, length), now).kind, "refuse", `cut at ${length}`);
  }
});

Deno.test("random bytes are no transcript", () => {
  const checkChain = certificateCheck({ roots: [fixture.authority.root.certPem] });
  const part = fc.uint8Array({ maxLength: 300 });
  fc.assert(fc.property(part, part, part, part, (hello, challenge, fields, signature) => {
    const verdict = verifyTranscript({ hello, challenge, proof: { fields, signature } }, { checkChain, nowMs: 0 });
    strictEqual(verdict.ok, false);
  }));
});

Deno.test("no two logins look alike", () => {
  notDeepStrictEqual(goodFrames().proof, goodFrames().proof);
});
