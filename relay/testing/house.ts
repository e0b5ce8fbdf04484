/** A relay with its network, backbone and authority, all in memory and in virtual time. */
import { certificateCheck } from "#proto/base/certificate.ts";
import { type Presence, PresenceSchema } from "#proto/gen/systemscale/log/v1/presence_pb.ts";
import { parseRelayName } from "#proto/ids.ts";
import type { Link, Log } from "#proto/ports.ts";
import { makeNodeIdentity } from "#proto/session_proof.ts";
import { signerOf } from "#proto/signature.ts";
import { type Authority, type Leaf, makeAuthority } from "#proto/testing/certificates.ts";
import { VirtualClock } from "#proto/testing/clock.ts";
import { VirtualNetwork } from "#proto/testing/link.ts";
import { seededRandom } from "#proto/testing/random.ts";
import { fromBinary } from "@bufbuild/protobuf";
import { Relay, type RelayOptions } from "../relay.ts";
import { type Revocation, revocationOff } from "../revocation.ts";
import { MemoryBackbone } from "./backbone.ts";
import { TestVehicle, type TestVehicleOptions } from "./vehicle.ts";

const port = 443;
const daysMs = 86_400_000;
const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** Everything around one relay. */
export interface House {
  /** Name that vehicles dial. */
  readonly node: string;
  readonly clock: VirtualClock;
  readonly network: VirtualNetwork;
  readonly backbone: MemoryBackbone;
  readonly authority: Authority;
  readonly relay: Relay;
  /** How often memory was taken back. */
  reclaimed(): number;
  /** A leaf for a vehicle, good for a day around now unless it says otherwise. */
  issue(id: string, options?: { notAfterMs?: number }): Promise<Leaf>;
  /** Dials and begins to log in. */
  dial(leaf: Leaf, options?: Partial<TestVehicleOptions>): Promise<TestVehicle>;
  /** Dials, says nothing. */
  dialSilently(): Promise<Link>;
  /** Everything that was said on the presence subject. */
  presence(): Presence["event"][];
}

/** What a house may have that is other than usual. */
export interface HouseOptions {
  /** Off by default. */
  readonly revocation?: (
    given: Pick<RelayOptions, "clock" | "random" | "log"> & { authority: Authority },
  ) => Revocation;
  /** One of its own by default. */
  readonly authority?: Authority;
  /** What vehicles dial. */
  readonly node?: string;
  readonly isSharedName?: boolean;
  /** Of what the relay draws. */
  readonly seed?: number;
}

/** Builds a relay; limits may be other than usual. */
export async function makeHouse(
  limits: Partial<RelayOptions["limits"]> = {},
  { revocation = () => revocationOff, node = "relay-1.test", ...options }: HouseOptions = {},
): Promise<House> {
  const clock = new VirtualClock();
  const random = seededRandom(options.seed ?? 7);
  const network = new VirtualNetwork({ clock, random });
  const backbone = new MemoryBackbone();
  const nowMs = Number(clock.wallNs() / 1_000_000n);
  const validity = { notBeforeMs: nowMs - daysMs, notAfterMs: nowMs + daysMs };
  const authority = options.authority ?? await makeAuthority("house", validity);
  const { chain: [certificate], keyPem } = await authority.issueRelay(node, validity);
  const identity = makeNodeIdentity(certificate, signerOf(keyPem));
  let reclaimed = 0;
  const relay = new Relay({
    relay: parseRelayName("relay-1"),
    shard: 0,
    node,
    port,
    isSharedName: options.isSharedName ?? false,
    identity: () => identity,
    checkChain: certificateCheck({ roots: [authority.root.certPem] }),
    revocation: revocation({ clock, random, log: silent, authority }),
    limits: {
      linksMax: 1000,
      halfOpenMax: 100,
      halfOpenPerAddressMax: 100,
      linksPerSecondAndAddress: 1000,
      handshakesInVainPerSecond: 1000,
      loginsPerSecond: 1e6,
      loginsPerMinuteAndVehicle: 6e7,
      heldBytesMax: 1024 * 1024,
      ...limits,
    },
    clock,
    random,
    log: silent,
    backbone,
    reclaim: () => void reclaimed++,
  });
  relay.serve(network.listen({ node, port }));
  const dialSilently = () =>
    network.dialer().dial({ host: "127.0.0.1", port, node, trust: [] }, new AbortController().signal);
  return {
    node,
    clock,
    network,
    backbone,
    authority,
    relay,
    reclaimed: () => reclaimed,
    dialSilently,
    issue: (id, options) => authority.issueVehicle(id, { ...validity, ...options }),
    dial: async (leaf, options) => {
      const vehicle = new TestVehicle(await dialSilently(), { clock, random, node, leaf, ...options });
      await clock.advance(1);
      return vehicle;
    },
    presence: () =>
      backbone.announced.filter(({ subject }) => subject === "presence.v1.relay-1.0")
        .map(({ bytes }) => fromBinary(PresenceSchema, bytes).event),
  };
}
