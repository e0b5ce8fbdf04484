/** Where logins are attacked: two vehicles, one of each kind of key, a relay that is timed, and what a thief has. */
import { threadTime } from "../../bench/thread_time.ts";
import { certificateCheck } from "#proto/base/certificate.ts";
import type { LinkFrame } from "#proto/frame.ts";
import { epochOf } from "#proto/ids.ts";
import { type Instant, instantOf } from "#proto/instant.ts";
import { RelayLogin, type RelayLoginStep } from "#proto/relay_login.ts";
import { type Signer, signerOf } from "#proto/signature.ts";
import { type Leaf, makeAuthority } from "#proto/testing/certificates.ts";
import { VirtualClock } from "#proto/testing/clock.ts";
import { certificateCorpus } from "#proto/testing/corpus.ts";
import { frameOf } from "#proto/testing/login.ts";
import { type SeededRandom, seededRandom } from "#proto/testing/random.ts";
import { VehicleLogin, type VehicleLoginOptions } from "#proto/vehicle_login.ts";

/** Names of the node that is attacked, and of the thief's. */
export const nodes = { own: "relay-1.test", thief: "relay-2.test" } as const;

const dayMs = 86_400_000;

/** A vehicle that may log in. */
export interface Identity {
  readonly chain: readonly Uint8Array[];
  readonly signer: Signer;
}

/** The frames of a good login. */
export interface Recording {
  readonly hello: Uint8Array;
  readonly proof: Uint8Array;
}

/** See the head of this file. */
export interface Ground {
  readonly now: Instant;
  readonly random: SeededRandom;
  /** `drone-001` by Ed25519, `drone-002` by P-256. */
  readonly vehicles: readonly Identity[];
  /** The same names by an authority that nobody trusts, and by certificates that have ended. */
  readonly foreign: readonly Identity[];
  readonly expired: readonly Identity[];
  readonly hostileNames: readonly Identity[];
  readonly badCertificates: readonly Identity[];
  /** Good logins of before. */
  readonly recordings: readonly Recording[];
  relay(node?: string): TimedRelay;
  vehicle(identity: Identity, settings?: Partial<VehicleLoginOptions>): VehicleLogin;
}

/** The relay's end of one login, and how long it took over it. */
export class TimedRelay {
  /** On the wall, and of the processor. */
  readonly spent = { wallMs: 0, cpuMs: 0 };
  readonly #login: RelayLogin;
  readonly #now: Instant;
  readonly #cpuMs: () => number;

  constructor(login: RelayLogin, { now, cpuMs }: { now: Instant; cpuMs: () => number }) {
    this.#login = login;
    this.#now = now;
    this.#cpuMs = cpuMs;
  }

  /** Takes a whole frame as it came in. */
  handle(bytes: Uint8Array, now = this.#now): RelayLoginStep {
    return this.handleFrame(frameOf(bytes), now);
  }

  handleFrame(frame: LinkFrame, now = this.#now): RelayLoginStep {
    const [beginMs, cpuBeginMs] = [performance.now(), this.#cpuMs()];
    const step = this.#login.handleFrame(frame, now);
    this.spent.cpuMs += this.#cpuMs() - cpuBeginMs;
    this.spent.wallMs += performance.now() - beginMs;
    return step;
  }
}

/** Lays it out; recordings are of one login per vehicle and round. */
export async function layGround(options: { seed: number; recordings: number }): Promise<Ground> {
  const random = seededRandom(options.seed);
  const now = instantOf(new VirtualClock());
  const nowMs = Number(now.wallNs / 1_000_000n);
  const validity = { notBeforeMs: nowMs - dayMs, notAfterMs: nowMs + dayMs };
  const past = { notBeforeMs: nowMs - dayMs, notAfterMs: nowMs - 1000 };
  const [authority, stranger] = [await makeAuthority("soak", validity), await makeAuthority("soak", validity)];
  const both = (of: typeof authority, validity: typeof past) =>
    Promise.all([
      of.issueVehicle("drone-001", { ...validity, algorithm: "ed25519" }),
      of.issueVehicle("drone-002", { ...validity, algorithm: "p256" }),
    ]).then((leaves) => leaves.map(identityOf));
  const corpus = certificateCorpus(authority.root, { vehicle: "drone-001", nowMs })
    .map(({ group, chain, keyPem }): [string, Identity] => [group, { chain: chain(), signer: signerOf(keyPem) }]);
  const isName = (group: string) => group === "subjects" || group === "uris";
  const cpuMs = threadTime();
  const checkChain = certificateCheck({ roots: [authority.root.certPem] });
  const tlsCertificates = new Map<string, Uint8Array>(Object.values(nodes).map((node) => [node, random.bytes(32)]));
  const ground = {
    now,
    random,
    vehicles: await both(authority, validity),
    foreign: await both(stranger, validity),
    expired: await both(authority, past),
    hostileNames: corpus.flatMap(([group, one]) => isName(group) ? [one] : []),
    badCertificates: corpus.flatMap(([group, one]) => isName(group) ? [] : [one]),
    relay: (node: string = nodes.own) => {
      const tlsCertificateSha256 = tlsCertificates.get(node) ?? random.bytes(32);
      const login = new RelayLogin({ node, tlsCertificateSha256, nonce: random.bytes(32), checkChain }, now);
      return new TimedRelay(login, { now, cpuMs });
    },
    vehicle: (identity: Identity, settings: Partial<VehicleLoginOptions> = {}) =>
      new VehicleLogin({
        node: nodes.own,
        ...identity,
        nonce: random.bytes(32),
        boot: random.bytes(16),
        epoch: epochOf(random.bytes(8)),
        ancestors: [],
        linkCounter: 1n,
        agentVersion: "soak",
        ...settings,
      }, now),
  };
  const rounds = Array.from({ length: options.recordings });
  return { ...ground, recordings: rounds.flatMap(() => ground.vehicles.map((one) => record(ground, one))) };
}

/** A login in which everything is right, up to the relay's last word. */
export function logIn(ground: Pick<Ground, "relay" | "vehicle" | "now">, identity: Identity): {
  step: RelayLoginStep;
  frames: Recording;
} {
  const [relay, vehicle] = [ground.relay(), ground.vehicle(identity)];
  const hello = vehicle.start();
  const proof = proofFor(vehicle, relay.handle(hello), ground.now);
  return { step: relay.handle(proof), frames: { hello, proof } };
}

/** What a vehicle answers to a Challenge; nothing that proves anything when it does not. */
export function proofFor(vehicle: VehicleLogin, step: RelayLoginStep, now: Instant): Uint8Array {
  if (step.kind !== "send") throw new Error(`Cannot go on with a login: wanted a Challenge, found ${step.kind}`);
  const answer = vehicle.handleFrame(frameOf(step.bytes), now);
  if (answer.kind !== "send") throw new Error(`Cannot go on with a login: wanted a Proof, found ${answer.kind}`);
  return answer.bytes;
}

function record(ground: Pick<Ground, "relay" | "vehicle" | "now">, identity: Identity): Recording {
  const { step, frames } = logIn(ground, identity);
  if (step.kind !== "accept") throw new Error(`Cannot record a login: it ended with ${step.kind}`);
  return frames;
}

function identityOf({ chain, keyPem }: Leaf): Identity {
  return { chain, signer: signerOf(keyPem) };
}
