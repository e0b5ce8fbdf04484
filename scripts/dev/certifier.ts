/** Who certifies the relay and the vehicles of a layout: the development CA, or a real step-ca. */
import type { Authority } from "#proto/testing/certificates.ts";
import { certify, type IssuedLeaf, type StepCa } from "../servers/step_ca.ts";
import { validity } from "./authority.ts";
import { type Layout, pathsOf, relayNode, trustFilesOf } from "./layout.ts";
import { ensureLeaf } from "./leaf.ts";

/** Issues leaves for fresh keys. */
export interface Certifier {
  issueRelay(names: readonly string[]): Promise<IssuedLeaf>;
  issueVehicle(id: string): Promise<IssuedLeaf>;
}

/** The development CA. */
export function developmentCertifier(authority: Authority): Certifier {
  return {
    issueRelay: ([node, ...otherNames]) => authority.issueRelay(node, { ...validity(), otherNames }),
    issueVehicle: (id) => authority.issueVehicle(id, validity()),
  };
}

/** A step-ca that runs. */
export function stepCaCertifier(stepCa: StepCa): Certifier {
  const provisioner = "admin";
  return {
    issueRelay: (names) =>
      certify({ name: names[0], alternativeNames: names, provisioner }, { kind: "relays", stepCa }),
    issueVehicle: (name) => certify({ name, algorithm: "ed25519", provisioner }, { kind: "vehicles", stepCa }),
  };
}

/** Makes the relay's files unless they are of use. */
export async function ensureRelayLeaf(layout: Layout, certifier: Certifier): Promise<void> {
  await ensureLeaf({ folder: pathsOf(layout.state).pki, name: "relay" }, {
    issuerPem: await Deno.readTextFile(trustFilesOf(layout).relayIssuer),
    issue: () => certifier.issueRelay([relayNode, "127.0.0.1"]),
  });
}

/** Makes a vehicle's files unless they are of use. */
export async function ensureVehicleLeaf(
  layout: Layout,
  { certifier, vehicle }: { certifier: Certifier; vehicle: string },
): Promise<void> {
  await ensureLeaf({ folder: pathsOf(layout.state).vehicle(vehicle), name: "vehicle" }, {
    issuerPem: await Deno.readTextFile(trustFilesOf(layout).vehicleIssuer),
    issue: () => certifier.issueVehicle(vehicle),
  });
}
