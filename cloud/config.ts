/** The cloud binary's configuration: YAML text in, a frozen value or all faults out. */
import { z } from "zod";
import { parseConfig } from "#proto/base/config.ts";

/** Services that this binary can run, one worker each. */
const serviceNames = ["ingest", "query", "fleet", "commands", "auth", "revocation"] as const;
/** A service that this binary can run. */
export type ServiceName = typeof serviceNames[number];

/**
 * A list of revoked certificates is looked at so often, so that a vehicle is out within a second of its revocation. A list
 * of 100,000 has 4 MB; with a minute between looks, relays that poll by themselves are as good.
 */
const watchPollMs = { min: 100, usual: 500, max: 60_000 };

const address = z.string().regex(/^(\[[0-9a-f:]+\]|[^:\s]+):\d{1,5}$/, "wanted host:port");

const store = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("sqlite"),
    /** File of the database; its folder must exist. */
    path: z.string().min(1),
  }),
  z.strictObject({
    kind: z.literal("questdb"),
    /** QuestDB's HTTP address, rows in and queries out. */
    url: z.url({ protocol: /^https?$/ }),
    user: z.string().optional(),
    password: z.string().optional(),
  }),
]);

const schema = z.strictObject({
  /**
   * Name of this instance: holds the leases on partitions. Two running instances must not share one; without it the machine's
   * own is taken, which for replicas in Kubernetes is the pod's.
   */
  instance: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/).optional(),
  environment: z.enum(["development", "production"]).default("development"),
  services: z.array(z.enum(serviceNames)).min(1).default(["ingest", "query"]),
  nats: z.strictObject({
    servers: z.array(z.string().min(1)).min(1),
    user: z.string(),
    password: z.string(),
    /** Copies of the log and of all buckets, each on another node of the hub's cluster. */
    replicas: z.literal([1, 3, 5]).default(1),
  }),
  store,
  /** Whose word about vehicles counts: the same files as in the relays' configuration. */
  ingest: z.strictObject({
    vehicle_roots: z.array(z.string().min(1)).min(1).optional(),
    vehicle_issuers: z.array(z.string().min(1)).min(1).optional(),
  }).prefault({}),
  /** Who is let in to the APIs, besides API keys. */
  access: z.strictObject({
    /** File with the SHA-256 (hex) of a token that may do everything: the first API key is made with it. */
    token_sha256_file: z.string().min(1).optional(),
    /** An identity provider whose access tokens are believed. */
    oidc: z.strictObject({
      /** As in the tokens' `iss`, to the letter. */
      issuer: z.url({ protocol: /^https?$/ }),
      audience: z.string().min(1),
      /** Where tokens list roles (viewer, operator, admin) and groups of vehicles; dots lead into objects. */
      roles_claim: z.string().min(1).default("realm_access.roles"),
      groups_claim: z.string().min(1).optional(),
    }).optional(),
  }).prefault({}),
  query: z.strictObject({
    address: address.default("127.0.0.1:8081"),
    /** Its account at `nats.servers`: API keys, groups of vehicles, and the owners of partitions; without it, it only reads. */
    nats: z.strictObject({ user: z.string(), password: z.string() }).optional(),
  }).prefault({}),
  /** The registry of vehicles, and who is linked. */
  fleet: z.strictObject({
    address: address.default("127.0.0.1:8080"),
    /** Its account at `nats.servers`. */
    nats: z.strictObject({ user: z.string(), password: z.string() }),
  }).optional(),
  /** Commands to vehicles, and stops. */
  commands: z.strictObject({
    address: address.default("127.0.0.1:8082"),
    /** Its account at `nats.servers`. */
    nats: z.strictObject({ user: z.string(), password: z.string() }),
    /** Keys that sign orders, each with its certificate by the command root; a later one takes over the roles that it has. */
    signers: z.array(z.strictObject({ key: z.string().min(1), certificate: z.string().min(1) })).min(1),
    /** File of the lowest generation of signers, by the command root. */
    floor: z.string().min(1).optional(),
    /** Whose word counts: as in the relays' configuration. */
    vehicle_roots: z.array(z.string().min(1)).min(1),
    vehicle_issuers: z.array(z.string().min(1)).min(1).optional(),
    /** Commands of this deployment, beside those that all vehicles know. */
    types: z.array(z.strictObject({
      type: z.string().regex(/^(?!ss_)[a-z][a-z0-9_]{0,62}$/),
      class: z.enum(["motion", "config", "query"]),
      /** JSON Schema of its data; without it any object is taken. */
      data: z.record(z.string(), z.unknown()).optional(),
      /** Types of vehicles that know it; without them all do. */
      vehicle_types: z.array(z.string().min(1)).min(1).optional(),
      /** Wanted besides what its class wants. */
      role: z.enum(["viewer", "operator", "admin"]).optional(),
    })).default([]),
  }).optional(),
  /** API keys and the audit log. */
  auth: z.strictObject({
    address: address.default("127.0.0.1:8083"),
    /** Its account at `nats.servers`. */
    nats: z.strictObject({ user: z.string(), password: z.string() }),
  }).optional(),
  /** What the revocation service watches; one in all regions is enough. */
  revocation: z.strictObject({
    /** Addresses of the lists of revoked certificates, as in the relays' configuration. */
    crls: z.array(z.url({ protocol: /^https?$/ })).min(1),
    poll_ms: z.int().min(watchPollMs.min).max(watchPollMs.max).default(watchPollMs.usual),
    /** Its account at `nats.servers`. */
    nats: z.strictObject({ user: z.string(), password: z.string() }),
  }).optional(),
  /** Health and metrics of all services; not for the public. */
  private_address: address.default("127.0.0.1:9080"),
  log: z.strictObject({
    level: z.enum(["debug", "info", "warn", "error"]).default("info"),
    format: z.enum(["json", "pretty"]).default("json"),
  }).prefault({}),
}).refine(({ services, revocation }) => revocation !== undefined || !services.includes("revocation"), {
  path: ["revocation"],
  error: "the service revocation wants to know what to watch",
}).refine(({ services, fleet }) => fleet !== undefined || !services.includes("fleet"), {
  path: ["fleet"],
  error: "the service fleet wants to know where to listen and its account",
}).refine(({ services, auth }) => auth !== undefined || !services.includes("auth"), {
  path: ["auth"],
  error: "the service auth wants to know its account",
}).refine(({ services, commands }) => commands !== undefined || !services.includes("commands"), {
  path: ["commands"],
  error: "the service commands wants to know who signs, and its account",
}).refine(
  ({ environment, services, ingest }) =>
    environment !== "production" || !services.includes("ingest") || ingest.vehicle_roots !== undefined,
  { path: ["ingest", "vehicle_roots"], error: "production wants to know whose vehicles' proofs count" },
).refine((config) => config.environment !== "production" || config.store.kind !== "sqlite", {
  path: ["store", "kind"],
  error: "sqlite is the embedded store for development, production wants questdb",
});

/** Parsed configuration. */
export type CloudConfig = z.infer<typeof schema> & { readonly instance: string };
/** Which store, and where. */
export type StoreConfig = CloudConfig["store"];

/** Parses the file's text; throws `bad_config` with every fault. `hostname` names the instance if the file does not. */
export function parseCloudConfig(text: string, file: string, hostname = "cloud"): Readonly<CloudConfig> {
  const config = parseConfig<z.infer<typeof schema>>(text, { schema, file });
  return Object.freeze({ ...config, instance: config.instance ?? instanceOn(hostname) });
}

/** Hosts are also called by their domains. */
function instanceOn(hostname: string): string {
  return hostname.replaceAll(/[^A-Za-z0-9_-]/g, "-").replace(/^[^A-Za-z0-9]+/, "").slice(0, 64) || "cloud";
}
