/** Plans and checks for the two kinds of nats-server: the hub with the log, and the leaf beside a relay. */
import { fileURLToPath } from "node:url";
import type { ChildPlan } from "./child.ts";
import { tryFetch } from "./wait.ts";

/** Passwords of the roles; see deploy/nats. */
export interface NatsPasswords {
  readonly leaf: string;
  readonly relay: string;
  readonly ingest: string;
  readonly query: string;
  readonly fleet: string;
  readonly commands: string;
  readonly auth: string;
  readonly revocation: string;
  readonly admin: string;
}

/** Ports on loopback. */
export interface NatsPorts {
  readonly client: number;
  readonly monitor: number;
  /** Where the hub takes leaves. */
  readonly leaf: number;
}

/** How a server is started. */
export interface NatsOptions {
  readonly binary: string;
  readonly ports: NatsPorts;
  readonly passwords: NatsPasswords;
  readonly logFile: string;
}

/** The hub with its JetStream in `store`. */
export function hubPlan(store: string, options: NatsOptions): ChildPlan {
  return plan("hub", "hub.conf", options, {
    // The server parses the value as configuration: quotes keep a path with spaces whole.
    NATS_STORE: JSON.stringify(store),
    NATS_STORE_BYTES: "8GB",
    NATS_LEAF_LISTEN: `127.0.0.1:${options.ports.leaf}`,
    NATS_LEAF_PASSWORD: options.passwords.leaf,
    NATS_INGEST_PASSWORD: options.passwords.ingest,
    NATS_QUERY_PASSWORD: options.passwords.query,
    NATS_FLEET_PASSWORD: options.passwords.fleet,
    NATS_COMMANDS_PASSWORD: options.passwords.commands,
    NATS_AUTH_PASSWORD: options.passwords.auth,
    NATS_REVOCATION_PASSWORD: options.passwords.revocation,
    NATS_ADMIN_PASSWORD: options.passwords.admin,
  });
}

/** What a node of a cluster has besides. */
export interface NatsClusterNode {
  readonly name: string;
  /** Where the other nodes reach it. */
  readonly routePort: number;
  /** What the other nodes are told of it, where that is another one. */
  readonly advertisedPort?: number;
  /** Where it reaches the other nodes. */
  readonly peerPorts: readonly number[];
}

/** One node of a hub that is a cluster; the nodes share the leaves' password. */
export function clusterNodePlan(node: NatsClusterNode, options: NatsOptions & { store: string }): ChildPlan {
  const single = hubPlan(options.store, options);
  const password = options.passwords.leaf;
  const routes = node.peerPorts.map((port) => `nats-route://node:${password}@127.0.0.1:${port}`);
  return {
    ...single,
    name: node.name,
    args: ["-c", configFile("hub_cluster.conf")],
    env: {
      ...single.env,
      NATS_NAME: node.name,
      NATS_CLUSTER_LISTEN: `127.0.0.1:${node.routePort}`,
      NATS_CLUSTER_ADVERTISE: `127.0.0.1:${node.advertisedPort ?? node.routePort}`,
      NATS_CLUSTER_PASSWORD: password,
      NATS_CLUSTER_ROUTES: JSON.stringify(routes),
    },
  };
}

/** A leaf of the hub whose nodes take leaves at these ports. */
export function leafPlan(hubLeafPorts: readonly number[], options: NatsOptions): ChildPlan {
  const urls = hubLeafPorts.map((port) => `nats-leaf://leaf:${options.passwords.leaf}@127.0.0.1:${port}`);
  return plan("leaf", "leaf.conf", options, {
    NATS_RELAY_PASSWORD: options.passwords.relay,
    NATS_HUB_URLS: JSON.stringify(urls),
  });
}

function configFile(name: string): string {
  return fileURLToPath(new URL(`../../deploy/nats/${name}`, import.meta.url));
}

function plan(name: string, file: string, options: NatsOptions, env: Record<string, string>): ChildPlan {
  return {
    name,
    command: options.binary,
    args: ["-c", configFile(file)],
    env: {
      NATS_NAME: name,
      NATS_LISTEN: `127.0.0.1:${options.ports.client}`,
      NATS_MONITOR: `127.0.0.1:${options.ports.monitor}`,
      ...env,
    },
    logFile: options.logFile,
  };
}

/** Whether a node of a cluster knows the cluster's leader and has all that it should. */
export async function clusterNodeReady(monitorPort: number): Promise<boolean> {
  return await tryFetch(`http://127.0.0.1:${monitorPort}/healthz`) !== undefined;
}

/** Whether the hub serves JetStream. */
export async function hubReady(monitorPort: number): Promise<boolean> {
  return await tryFetch(`http://127.0.0.1:${monitorPort}/healthz?js-enabled-only=true`) !== undefined;
}

/** Whether the leaf is joined to its hub. */
export async function leafReady(monitorPort: number): Promise<boolean> {
  const text = await tryFetch(`http://127.0.0.1:${monitorPort}/leafz`);
  return text !== undefined && Number(JSON.parse(text).leafnodes) > 0;
}

/** Passwords for all roles, never used before. */
export function newPasswords(): NatsPasswords {
  const [leaf, relay, ingest, query, fleet, commands, auth, revocation, admin] = Array.from({ length: 9 }, newPassword);
  return { leaf, relay, ingest, query, fleet, commands, auth, revocation, admin };
}

/** A password that nats-server's configuration reads as text whatever digits it holds. */
export function newPassword(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(24));
  return `p${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}
