/** Ways to log in as somebody else. Each attempt ends with the relay's last word, which is never to be a welcome. */
import { encodeFrame, frameKinds } from "#proto/frame.ts";
import { linkHeaderBytes, loginTimeoutMs } from "#proto/limits.ts";
import { decodeMessage, encodeMessage } from "#proto/link_message.ts";
import type { RelayLoginStep } from "#proto/relay_login.ts";
import { frameOf } from "#proto/testing/login.ts";
import { type Ground, type Identity, nodes, proofFor, type TimedRelay } from "./ground.ts";

/** How an attempt ended. */
export interface Attempt {
  readonly step: RelayLoginStep;
  /** What the relay spent on it, on the wall and of the processor. */
  readonly spent: { readonly wallMs: number; readonly cpuMs: number };
}

/** One attempt by an attacker. */
export type Attack = (ground: Ground) => Attempt;

/** By name, in the order in which they take turns. */
export const attacks: Readonly<Record<string, Attack>> = {
  "replay of a login": replayLogin,
  "replay of a proof": replayProof,
  "reflection of the relay's words": reflect,
  "forward through a thief's node": forward,
  "forward with the node rewritten": forwardRewritten,
  "swap of certificates": swapCertificates,
  "swap of proofs between links": swapProofs,
  "stale proof, after the deadline": afterDeadline,
  "stale proof, of an earlier challenge": earlierChallenge,
  "stale certificate": expiredCertificate,
  "foreign certificate": foreignCertificate,
  "guessed signature": guess,
  "mutated message": mutateMessage,
  "mutated certificate": mutateCertificate,
  "bad certificate of the corpus": (ground) => tryAs(ground, oneOf(ground, ground.badCertificates)),
  "hostile name of the corpus": (ground) => tryAs(ground, oneOf(ground, ground.hostileNames)),
};

function oneOf<Item>({ random }: Ground, items: readonly Item[]): Item {
  return items[random.integer(0, items.length - 1)];
}

function ended(relay: TimedRelay, step: RelayLoginStep): Attempt {
  return { step, spent: relay.spent };
}

/** Says these frames one after another until the relay's last word. */
function say(relay: TimedRelay, ...frames: readonly Uint8Array[]): Attempt {
  let step: RelayLoginStep | undefined;
  for (const frame of frames) {
    step = relay.handle(frame);
    if (step.kind !== "send") return ended(relay, step);
  }
  throw new Error(`Cannot end a login: the relay waits for more after ${frames.length} frames`);
}

/** Goes through a login as it should be, with an identity that is wrong. */
function tryAs(ground: Ground, identity: Identity): Attempt {
  const [relay, vehicle] = [ground.relay(), ground.vehicle(identity)];
  const step = relay.handle(vehicle.start());
  return step.kind === "send" ? say(relay, proofFor(vehicle, step, ground.now)) : ended(relay, step);
}

function replayLogin(ground: Ground): Attempt {
  const { hello, proof } = oneOf(ground, ground.recordings);
  return say(ground.relay(), hello, proof);
}

/** A Hello of now, which the thief need not sign, and a proof of then. */
function replayProof(ground: Ground): Attempt {
  const { hello, proof } = oneOf(ground, ground.recordings);
  const then = decodeMessage("hello", hello.subarray(linkHeaderBytes));
  return say(ground.relay(), encodeMessage("hello", { ...then, nonce: ground.random.bytes(32) }), proof);
}

/** What the relay said is given back to it, as it was or in the place of what it wants. */
function reflect(ground: Ground): Attempt {
  const relay = ground.relay();
  const step = relay.handle(ground.vehicle(oneOf(ground, ground.vehicles)).start());
  if (step.kind !== "send") return ended(relay, step);
  const { payload } = frameOf(step.bytes);
  const { nonce, tlsCertificateSha256 } = decodeMessage("challenge", payload);
  const signature = Uint8Array.of(...nonce, ...tlsCertificateSha256);
  return say(
    relay,
    oneOf(ground, [
      step.bytes,
      encodeFrame(frameKinds.proof, { lane: "control", payload }),
      encodeMessage("proof", { fields: new Uint8Array(9).fill(9), signature }),
    ]),
  );
}

/** The vehicle dials the thief, who has a node's key and says here what the vehicle says there. */
function forward(ground: Ground): Attempt {
  const vehicle = ground.vehicle(oneOf(ground, ground.vehicles), { node: nodes.thief });
  const proof = proofFor(vehicle, ground.relay(nodes.thief).handle(vehicle.start()), ground.now);
  return say(ground.relay(), vehicle.start(), proof);
}

/** Besides, the thief rewrites the node in what passes through. */
function forwardRewritten(ground: Ground): Attempt {
  const [relay, vehicle] = [ground.relay(), ground.vehicle(oneOf(ground, ground.vehicles), { node: nodes.thief })];
  const hello = decodeMessage("hello", vehicle.start().subarray(linkHeaderBytes));
  const step = relay.handle(encodeMessage("hello", { ...hello, node: nodes.own }));
  if (step.kind !== "send") return ended(relay, step);
  const challenge = decodeMessage("challenge", step.bytes.subarray(linkHeaderBytes));
  const changed = encodeMessage("challenge", { ...challenge, node: nodes.thief }, { mustUnderstand: true });
  return say(relay, proofFor(vehicle, { kind: "send", bytes: changed }, ground.now));
}

function swapCertificates(ground: Ground): Attempt {
  const own = ground.random.integer(0, 1);
  return tryAs(ground, { chain: ground.vehicles[1 - own].chain, signer: ground.vehicles[own].signer });
}

/** Two logins at once at the same relay, each with the other's proof. */
function swapProofs(ground: Ground): Attempt {
  const [relay, otherRelay] = [ground.relay(), ground.relay()];
  const [one, other] = [oneOf(ground, ground.vehicles), oneOf(ground, ground.vehicles)].map((it) => ground.vehicle(it));
  relay.handle(one.start());
  return say(relay, proofFor(other, otherRelay.handle(other.start()), ground.now));
}

function afterDeadline(ground: Ground): Attempt {
  const [relay, vehicle] = [ground.relay(), ground.vehicle(oneOf(ground, ground.vehicles))];
  const proof = proofFor(vehicle, relay.handle(vehicle.start()), ground.now);
  const { wallNs, uptimeMs } = ground.now;
  const lateMs = loginTimeoutMs + ground.random.integer(0, 60_000);
  const late = { wallNs: wallNs + BigInt(lateMs) * 1_000_000n, uptimeMs: uptimeMs + lateMs };
  return ended(relay, relay.handle(proof, late));
}

/** The same Hello twice: the proof of the first is said to the second. */
function earlierChallenge(ground: Ground): Attempt {
  const vehicle = ground.vehicle(oneOf(ground, ground.vehicles));
  const proof = proofFor(vehicle, ground.relay().handle(vehicle.start()), ground.now);
  return say(ground.relay(), vehicle.start(), proof);
}

function expiredCertificate(ground: Ground): Attempt {
  return tryAs(ground, oneOf(ground, ground.expired));
}

function foreignCertificate(ground: Ground): Attempt {
  return tryAs(ground, oneOf(ground, ground.foreign));
}

/** Anybody has a vehicle's certificate; this one has no key to it. */
function guess(ground: Ground): Attempt {
  const { random } = ground;
  const { proof } = oneOf(ground, ground.recordings);
  const { fields } = decodeMessage("proof", proof.subarray(linkHeaderBytes));
  const signature = oneOf(ground, [random.bytes(64), new Uint8Array(64), new Uint8Array(64).fill(0xff)]);
  const hello = ground.vehicle(oneOf(ground, ground.vehicles)).start();
  return say(ground.relay(), hello, encodeMessage("proof", { fields, signature }));
}

/** One byte of what passes by is changed; in a Proof one that counts: what lies around its two parts is not signed. */
function mutateMessage(ground: Ground): Attempt {
  const [relay, vehicle] = [ground.relay(), ground.vehicle(oneOf(ground, ground.vehicles))];
  const which = oneOf(ground, ["hello", "challenge", "fields", "signature"]);
  const hello = vehicle.start();
  const step = relay.handle(which === "hello" ? withMutatedPayload(ground, hello) : hello);
  if (step.kind !== "send") return ended(relay, step);
  const asked = which === "challenge" ? withMutatedPayload(ground, step.bytes) : step.bytes;
  const answer = vehicle.handleFrame(frameOf(asked), ground.now);
  // The vehicle would not answer such a Challenge: then the thief says what it has.
  if (answer.kind !== "send") return say(relay, oneOf(ground, ground.recordings).proof);
  const { fields, signature } = decodeMessage("proof", answer.bytes.subarray(linkHeaderBytes));
  if (which === "fields") return say(relay, encodeMessage("proof", { signature, fields: mutated(ground, fields) }));
  if (which === "signature") {
    return say(relay, encodeMessage("proof", { fields, signature: mutated(ground, signature) }));
  }
  return say(relay, answer.bytes);
}

/** The vehicle itself, with a certificate or an issuer's in which one byte is another. */
function mutateCertificate(ground: Ground): Attempt {
  const { chain, signer } = oneOf(ground, ground.vehicles);
  const which = ground.random.integer(0, chain.length - 1);
  return tryAs(ground, { chain: chain.map((der, at) => at === which ? mutated(ground, der) : der), signer });
}

function withMutatedPayload(ground: Ground, frame: Uint8Array): Uint8Array {
  return Uint8Array.of(...frame.subarray(0, linkHeaderBytes), ...mutated(ground, frame.subarray(linkHeaderBytes)));
}

function mutated({ random }: Ground, bytes: Uint8Array): Uint8Array {
  const [at, by] = [random.integer(0, bytes.length - 1), random.integer(1, 255)];
  return bytes.map((byte, place) => place === at ? byte ^ by : byte);
}
