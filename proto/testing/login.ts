/** Two ends that can log in, for tests. */
import { certificateCheck } from "../base/certificate.ts";
import { FrameDecoder, type LinkFrame } from "../frame.ts";
import { epochOf } from "../ids.ts";
import { type Instant, instantOf } from "../instant.ts";
import { RelayLogin, type RelayLoginOptions } from "../relay_login.ts";
import { signerOf } from "../signature.ts";
import { VehicleLogin, type VehicleLoginOptions } from "../vehicle_login.ts";
import { type Authority, type Leaf, makeAuthority, type VehicleLeafOptions } from "./certificates.ts";
import { VirtualClock } from "./clock.ts";
import { type SeededRandom, seededRandom } from "./random.ts";

/** Everything that a login needs, at the moment of a {@link VirtualClock}'s start. */
export interface LoginFixture {
  readonly authority: Authority;
  readonly leaf: Leaf;
  readonly now: Instant;
  readonly random: SeededRandom;
  /** A new vehicle's end; some settings may be other than right. */
  vehicle(settings?: Partial<VehicleLoginOptions>): VehicleLogin;
  /** A new relay's end. */
  relay(settings?: Partial<RelayLoginOptions>): RelayLogin;
}

/** Makes the fixture; certificates last a day around now. */
export async function makeLoginFixture(leafOptions: Partial<VehicleLeafOptions> = {}): Promise<LoginFixture> {
  const now = instantOf(new VirtualClock());
  const nowMs = Number(now.wallNs / 1_000_000n);
  const validity = { notBeforeMs: nowMs - 43_200_000, notAfterMs: nowMs + 43_200_000 };
  const authority = await makeAuthority("login", validity);
  const leaf = await authority.issueVehicle("drone-001", { ...validity, ...leafOptions });
  const random = seededRandom(1);
  const signer = signerOf(leaf.keyPem);
  const checkChain = certificateCheck({ roots: [authority.root.certPem] });
  const tlsCertificateSha256 = random.bytes(32);
  const node = "relay-1.test";
  const boot = random.bytes(16);
  return {
    authority,
    leaf,
    now,
    random,
    vehicle: (settings) => {
      const identity = { node, chain: leaf.chain, signer, boot, agentVersion: "0.1.0" };
      const epochs = { epoch: epochOf(random.bytes(8)), ancestors: [epochOf(random.bytes(8))], linkCounter: 1n };
      return new VehicleLogin({ ...identity, ...epochs, nonce: random.bytes(32), ...settings }, now);
    },
    relay: (settings) =>
      new RelayLogin({ node, tlsCertificateSha256, nonce: random.bytes(32), checkChain, ...settings }, now),
  };
}

/** The one frame that the bytes are; throws when they are no frame. */
export function frameOf(bytes: Uint8Array): LinkFrame {
  const decoder = new FrameDecoder(bytes.byteLength);
  decoder.push(bytes);
  const frame = decoder.next();
  if (frame === undefined) throw new Error("Cannot read frame: the bytes are less than one");
  return frame;
}
