/** What each service's worker may do: the least that it works with. Everything else its runtime refuses. */
import { dirname } from "node:path";
import type { CloudConfig, ServiceName, StoreConfig } from "../config.ts";

/** Permissions of a worker; what is not named is denied. */
export interface ServicePermissions {
  /** `host:port` that it may connect to or listen on, or `unix:path`. */
  readonly net: string[];
  readonly read: string[];
  readonly write: string[];
}

/** The permissions of a service under a configuration. */
export function permissionsOf(service: ServiceName, config: CloudConfig): ServicePermissions {
  const store = storePermissions(config.store);
  switch (service) {
    case "ingest":
      return {
        ...store,
        net: [...store.net, ...config.nats.servers.map(natsAddress)],
        read: [...store.read, ...config.ingest.vehicle_roots ?? [], ...config.ingest.vehicle_issuers ?? []],
      };
    case "query":
      return apiPermissions(service, config.query, { config, store });
    case "fleet":
      return config.fleet === undefined ? nothing : apiPermissions(service, config.fleet, { config, store });
    case "auth":
      return config.auth === undefined ? nothing : apiPermissions(service, config.auth, { config, store: nothing });
    case "commands":
      return commandsPermissions(config);
    case "revocation": {
      const crls = config.revocation?.crls ?? [];
      return { net: [...config.nats.servers.map(natsAddress), ...crls.map(httpAddress)], read: [], write: [] };
    }
  }
}

/** Where the HTTP guard of a service that listens at `address` hands connections to its server. */
export function apiSocket(service: string, address: string): string {
  return `/tmp/systemscale-${service}-${address.slice(address.lastIndexOf(":") + 1)}.sock`;
}

/** Where it hands those that speak HTTP/2, for gRPC. */
export function grpcSocket(service: string, address: string): string {
  return apiSocket(`${service}-grpc`, address);
}

const nothing: ServicePermissions = { net: [], read: [], write: [] };

function apiPermissions(
  service: ServiceName,
  { address, nats }: CloudConfig["query"],
  { config: { access, nats: { servers } }, store }: { config: CloudConfig; store: ServicePermissions },
): ServicePermissions {
  const { token_sha256_file: token, oidc } = access;
  const socket = apiSocket(service, address);
  return {
    net: [
      ...store.net,
      ...[address, `unix:${socket}`],
      ...nats ? servers.map(natsAddress) : [],
      ...oidc ? [httpAddress(oidc.issuer)] : [],
    ],
    read: [...store.read, ...token === undefined ? [] : [token], socket],
    write: [...store.write, socket],
  };
}

/** It keeps what it knows in NATS, and has no store. */
function commandsPermissions(config: CloudConfig): ServicePermissions {
  const { commands } = config;
  if (commands === undefined) return nothing;
  const { signers, floor, vehicle_roots: roots, vehicle_issuers: issuers = [] } = commands;
  const api = apiPermissions("commands", commands, { config, store: nothing });
  const grpc = grpcSocket("commands", commands.address);
  const keys = signers.flatMap(({ key, certificate }) => [key, certificate]);
  return {
    net: [...api.net, `unix:${grpc}`],
    read: [...api.read, ...keys, ...(floor === undefined ? [] : [floor]), ...roots, ...issuers, grpc],
    write: [...api.write, grpc],
  };
}

function storePermissions(store: StoreConfig): ServicePermissions {
  if (store.kind === "questdb") return { net: [httpAddress(store.url)], read: [], write: [] };
  // SQLite keeps files beside its own, and readers share one of them with the writer.
  const folder = dirname(store.path);
  return { net: [], read: [folder], write: [folder] };
}

function httpAddress(url: string): string {
  const { hostname, port, protocol } = new URL(url);
  return `${hostname}:${port || (protocol === "https:" ? 443 : 80)}`;
}

function natsAddress(server: string): string {
  const address = server.replace(/^[a-z]+:\/\//, "").replace(/^[^@]*@/, "");
  return /:\d+$/.test(address) ? address : `${address}:4222`;
}
