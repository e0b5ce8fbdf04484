/** Where everything of a development system lies and listens. All on loopback. */
import { join } from "node:path";
import { stepCaFiles } from "../servers/step_ca.ts";

/** Which store stands behind the cloud. */
export type StoreKind = "sqlite" | "questdb";

/** Who certifies relay and vehicles. */
export type CaKind = "development" | "step-ca";

/** Name that vehicles dial and that the relay's certificate carries. */
export const relayNode = "localhost";

/** TCP ports, but `relay`, which is UDP. */
export interface Ports {
  readonly hub: number;
  readonly hubMonitor: number;
  readonly hubLeaves: number;
  readonly leaf: number;
  readonly leafMonitor: number;
  readonly relay: number;
  readonly relayPrivate: number;
  readonly fleet: number;
  readonly query: number;
  readonly commands: number;
  readonly auth: number;
  readonly cloudPrivate: number;
  readonly questDb: number;
  readonly questDbPg: number;
  /** A step-ca's: HTTPS of the one for vehicles and of the one for relays, and the CRL over plain HTTP. */
  readonly caVehicles: number;
  readonly caRelays: number;
  readonly caCrl: number;
  /** The first vehicle's local API; each further vehicle takes the next one. */
  readonly sdk: number;
}

/** The ports of the deployment guide, and quiet ones for what it does not name. */
export const guidePorts: Ports = {
  hub: 4222,
  hubMonitor: 8222,
  hubLeaves: 7422,
  leaf: 4223,
  leafMonitor: 8223,
  relay: 4433,
  relayPrivate: 9090,
  fleet: 8080,
  query: 8081,
  commands: 8082,
  auth: 8083,
  cloudPrivate: 9080,
  questDb: 9000,
  questDbPg: 8812,
  caVehicles: 9443,
  caRelays: 9444,
  caCrl: 9480,
  sdk: 7777,
};

/** Ports of one node of a hub that is a cluster. */
export interface HubNode {
  readonly client: number;
  readonly monitor: number;
  readonly leaves: number;
  readonly route: number;
  /** What the other nodes are told instead of `route`. */
  readonly advertised?: number;
  /** Where it reaches the other nodes: something may stand between. */
  readonly peers: readonly number[];
}

/** Everything that decides how a development system looks. */
export interface Layout {
  /** Folder of state, certificates, secrets and logs. */
  readonly state: string;
  readonly ports: Ports;
  readonly store: StoreKind;
  /** The development CA when nothing is said. */
  readonly ca?: CaKind;
  /** How word of a revocation by a step-ca reaches the relay; hints, and a poll a minute, when nothing is said. */
  readonly revocation?: { readonly hints: boolean; readonly pollSeconds: number };
  readonly vehicles: readonly string[];
  readonly simulate: boolean;
  /** UDP port that vehicles dial; the relay's own unless something stands between. */
  readonly dialedPort?: number;
  /** Nodes of a cluster that is the hub, in place of the single server. */
  readonly hubNodes?: readonly HubNode[];
  /** Cap of each vehicle's ring; 256 MiB when nothing is said. */
  readonly ringMebibytes?: number;
}

/** Names of vehicles: `drone-001`, `drone-002` and so on. */
export function vehicleNames(count: number): string[] {
  return Array.from({ length: count }, (_, at) => `drone-${String(at + 1).padStart(3, "0")}`);
}

/** Port of a vehicle's local API. */
export function sdkPortOf(layout: Layout, vehicle: string): number {
  return layout.ports.sdk + layout.vehicles.indexOf(vehicle);
}

/** Paths below the state folder. */
export function pathsOf(state: string) {
  const at = (...parts: string[]) => join(state, ...parts);
  return {
    pki: at("pki"),
    stepCa: at("step-ca"),
    stepHome: at("step-home"),
    logs: at("logs"),
    natsStore: at("nats"),
    questDb: at("questdb"),
    sqlite: at("telemetry.db"),
    secrets: at("secrets.json"),
    orders: at("orders"),
    token: at("operator.token"),
    tokenHash: at("operator.token.sha256"),
    running: at("running.json"),
    relayConfig: at("relay.yaml"),
    cloudConfig: at("cloud.yaml"),
    vehicle: (id: string) => at("vehicles", id),
    agentConfig: (id: string) => at("vehicles", id, "agent.yaml"),
    log: (name: string) => at("logs", `${name}.log`),
  };
}

/** Certificates that relay and vehicles trust: of root and issuers, PEM files. */
export function trustFilesOf({ state, ca }: Layout) {
  const { pki, stepCa } = pathsOf(state);
  if (ca === "step-ca") {
    const { root, issuer } = stepCaFiles(stepCa);
    return { root, vehicleIssuer: issuer("vehicles"), relayIssuer: issuer("relays") };
  }
  return {
    root: join(pki, "root.crt"),
    vehicleIssuer: join(pki, "vehicle_issuer.crt"),
    relayIssuer: join(pki, "relay_issuer.crt"),
  };
}
