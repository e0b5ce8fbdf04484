/** Writes what each binary reads: certificates and configuration, the same files as in production. */
import { join } from "node:path";
import { stringify } from "yaml";
import { developmentAuthority, ensureLeaf, validity } from "./authority.ts";
import { type Layout, pathsOf, sdkPortOf } from "./layout.ts";
import type { NatsPasswords } from "../servers/nats.ts";

/** Name that vehicles dial and that the relay's certificate carries. */
const relayNode = "localhost";
/** A vehicle's ring, where the layout asks for no other. */
const ringMebibytes = 256;

/** Writes all files of a layout; certificates that exist are kept. */
export async function writeConfigs(layout: Layout, passwords: NatsPasswords): Promise<void> {
  const paths = pathsOf(layout.state);
  await Deno.mkdir(paths.logs, { recursive: true });
  // QuestDB does not make its own.
  if (layout.store === "questdb") await Deno.mkdir(paths.questDb, { recursive: true });
  const authority = await developmentAuthority(paths.pki);
  await ensureLeaf(
    { folder: paths.pki, name: "relay" },
    () => authority.issueRelay(relayNode, { ...validity(), otherNames: ["127.0.0.1"] }),
  );
  await writeYaml(paths.relayConfig, relayConfig(layout, passwords));
  await writeYaml(paths.cloudConfig, cloudConfig(layout, passwords));
  for (const vehicle of layout.vehicles) {
    await ensureLeaf(
      { folder: paths.vehicle(vehicle), name: "vehicle" },
      () => authority.issueVehicle(vehicle, validity()),
    );
    await writeYaml(paths.agentConfig(vehicle), agentConfig(layout, vehicle));
  }
}

function relayConfig({ state, ports }: Layout, passwords: NatsPasswords) {
  const { pki } = pathsOf(state);
  return {
    name: "dev",
    node: relayNode,
    listen: `127.0.0.1:${ports.relay}`,
    certificate: join(pki, "relay.crt"),
    key: join(pki, "relay.key"),
    vehicle_roots: [join(pki, "root.crt")],
    vehicle_issuers: [join(pki, "vehicle_issuer.crt")],
    nats: { servers: [`127.0.0.1:${ports.leaf}`], user: "relay", password: passwords.relay, domain: "hub" },
    private_address: `127.0.0.1:${ports.relayPrivate}`,
  };
}

function cloudConfig({ state, ports, store, hubNodes }: Layout, passwords: NatsPasswords) {
  const paths = pathsOf(state);
  const hubs = hubNodes?.map(({ client }) => client) ?? [ports.hub];
  return {
    instance: "dev",
    nats: {
      servers: hubs.map((port) => `127.0.0.1:${port}`),
      user: "ingest",
      password: passwords.ingest,
      replicas: hubs.length,
    },
    store: store === "sqlite"
      ? { kind: "sqlite", path: paths.sqlite }
      : { kind: "questdb", url: `http://127.0.0.1:${ports.questDb}` },
    query: {
      address: `127.0.0.1:${ports.query}`,
      token_sha256_file: paths.tokenHash,
      nats: { user: "query", password: passwords.query },
    },
    private_address: `127.0.0.1:${ports.cloudPrivate}`,
  };
}

function agentConfig(layout: Layout, vehicle: string) {
  const paths = pathsOf(layout.state);
  const folder = paths.vehicle(vehicle);
  return {
    vehicle_id: vehicle,
    certificate: join(folder, "vehicle.crt"),
    key: join(folder, "vehicle.key"),
    roots: [join(paths.pki, "relay_issuer.crt")],
    relay: { addresses: [`${relayNode}:${layout.dialedPort ?? layout.ports.relay}`] },
    ring: { path: join(folder, "ring"), bytes: `${layout.ringMebibytes ?? ringMebibytes}MiB` },
    sdk: { address: `127.0.0.1:${sdkPortOf(layout, vehicle)}` },
  };
}

async function writeYaml(path: string, value: unknown): Promise<void> {
  // Passwords are in some of these files.
  await Deno.writeTextFile(path, stringify(value), { mode: 0o600 });
}
