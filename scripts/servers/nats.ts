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
    NATS_ADMIN_PASSWORD: options.passwords.admin,
  });
}

/** A leaf of the hub at `hubLeafPort`. */
export function leafPlan(hubLeafPort: number, options: NatsOptions): ChildPlan {
  return plan("leaf", "leaf.conf", options, {
    NATS_RELAY_PASSWORD: options.passwords.relay,
    NATS_HUB_URL: `nats-leaf://leaf:${options.passwords.leaf}@127.0.0.1:${hubLeafPort}`,
  });
}

function plan(name: string, file: string, options: NatsOptions, env: Record<string, string>): ChildPlan {
  return {
    name,
    command: options.binary,
    args: ["-c", fileURLToPath(new URL(`../../deploy/nats/${file}`, import.meta.url))],
    env: {
      NATS_NAME: name,
      NATS_LISTEN: `127.0.0.1:${options.ports.client}`,
      NATS_MONITOR: `127.0.0.1:${options.ports.monitor}`,
      ...env,
    },
    logFile: options.logFile,
  };
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
  const [leaf, relay, ingest, query, admin] = Array.from({ length: 5 }, newPassword);
  return { leaf, relay, ingest, query, admin };
}

/** A password that nats-server's configuration reads as text whatever digits it holds. */
export function newPassword(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(24));
  return `p${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}
