/** Writes what each binary reads: certificates and configuration, the same files as in production. */
import { join } from "node:path";
import { stringify } from "yaml";
import { signerRoles } from "#proto/order.ts";
import { developmentAuthority } from "./authority.ts";
import { developmentCertifier, ensureRelayLeaf, ensureVehicleLeaf } from "./certifier.ts";
import { type Layout, pathsOf, relayNode, sdkPortOf, trustFilesOf } from "./layout.ts";
import { makeRoot, makeSigner, rootFiles, signerFiles } from "../signers/make.ts";
import type { NatsPasswords } from "../servers/nats.ts";

/** Name of the one signer. */
const devSigner = "development";
/** A vehicle's ring, where the layout asks for no other. */
const ringMebibytes = 256;

/** Writes all files of a layout; certificates that are of use are kept. Those of a step-ca are made when it runs. */
export async function writeConfigs(layout: Layout, passwords: NatsPasswords): Promise<void> {
  const paths = pathsOf(layout.state);
  await Deno.mkdir(paths.logs, { recursive: true });
  // QuestDB does not make its own.
  if (layout.store === "questdb") await Deno.mkdir(paths.questDb, { recursive: true });
  if (layout.ca !== "step-ca") await certifyAll(layout);
  await ensureOrderKeys(paths.orders);
  await writeYaml(paths.relayConfig, relayConfig(layout, passwords));
  await writeYaml(paths.cloudConfig, cloudConfig(layout, passwords));
  for (const vehicle of layout.vehicles) {
    await Deno.mkdir(paths.vehicle(vehicle), { recursive: true });
    await writeYaml(paths.agentConfig(vehicle), agentConfig(layout, vehicle));
  }
}

/** Made once: vehicles pin the root. */
async function ensureOrderKeys(folder: string): Promise<void> {
  const { key } = rootFiles(folder);
  const isThere = await Deno.stat(signerFiles(folder, devSigner).certificate).then(() => true, () => false);
  if (isThere) return;
  await makeRoot(folder);
  await makeSigner(key, { folder, name: devSigner, roles: signerRoles, generation: 1 });
}

async function certifyAll(layout: Layout): Promise<void> {
  const certifier = developmentCertifier(await developmentAuthority(pathsOf(layout.state).pki));
  await ensureRelayLeaf(layout, certifier);
  for (const vehicle of layout.vehicles) await ensureVehicleLeaf(layout, { certifier, vehicle });
}

function relayConfig(layout: Layout, passwords: NatsPasswords) {
  const { state, ports } = layout;
  const { pki } = pathsOf(state);
  const trust = trustFilesOf(layout);
  return {
    name: "dev",
    node: relayNode,
    listen: `127.0.0.1:${ports.relay}`,
    certificate: join(pki, "relay.crt"),
    key: join(pki, "relay.key"),
    vehicle_roots: [trust.root],
    vehicle_issuers: [trust.vehicleIssuer],
    ...(layout.ca === "step-ca" && {
      revocation: {
        crls: [{ issuer: trust.vehicleIssuer, url: crlUrlOf(layout) }],
        poll_seconds: layout.revocation?.pollSeconds,
      },
    }),
    nats: { servers: [`127.0.0.1:${ports.leaf}`], user: "relay", password: passwords.relay, domain: "hub" },
    private_address: `127.0.0.1:${ports.relayPrivate}`,
  };
}

function crlUrlOf({ ports }: Layout): string {
  return `http://127.0.0.1:${ports.caCrl}/1.0/crl`;
}

function cloudConfig(layout: Layout, passwords: NatsPasswords) {
  const { state, ports, store, hubNodes } = layout;
  const paths = pathsOf(state);
  const trust = trustFilesOf(layout);
  const hubs = hubNodes?.map(({ client }) => client) ?? [ports.hub];
  const watchesRevocations = layout.ca === "step-ca" && layout.revocation?.hints !== false;
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
    ingest: { vehicle_roots: [trust.root], vehicle_issuers: [trust.vehicleIssuer] },
    access: { token_sha256_file: paths.tokenHash },
    auth: { address: `127.0.0.1:${ports.auth}`, nats: { user: "auth", password: passwords.auth } },
    query: {
      address: `127.0.0.1:${ports.query}`,
      nats: { user: "query", password: passwords.query },
    },
    fleet: {
      address: `127.0.0.1:${ports.fleet}`,
      nats: { user: "fleet", password: passwords.fleet },
    },
    commands: {
      address: `127.0.0.1:${ports.commands}`,
      nats: { user: "commands", password: passwords.commands },
      signers: [signerFiles(paths.orders, devSigner)],
      vehicle_roots: [trust.root],
      vehicle_issuers: [trust.vehicleIssuer],
    },
    services: ["ingest", "query", "fleet", "commands", "auth", ...watchesRevocations ? ["revocation"] : []],
    ...(watchesRevocations && {
      revocation: { crls: [crlUrlOf(layout)], nats: { user: "revocation", password: passwords.revocation } },
    }),
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
    roots: [trustFilesOf(layout).relayIssuer],
    relay: { addresses: [`${relayNode}:${layout.dialedPort ?? layout.ports.relay}`] },
    ring: { path: join(folder, "ring"), bytes: `${layout.ringMebibytes ?? ringMebibytes}MiB` },
    commands: { root: rootFiles(paths.orders).publicKey, path: join(folder, "commands") },
    sdk: { address: `127.0.0.1:${sdkPortOf(layout, vehicle)}` },
  };
}

async function writeYaml(path: string, value: unknown): Promise<void> {
  // Passwords are in some of these files.
  await Deno.writeTextFile(path, stringify(value), { mode: 0o600 });
}
