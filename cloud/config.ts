/** The cloud binary's configuration: YAML text in, a frozen value or all faults out. */
import { z } from "zod";
import { parseConfig } from "#proto/base/config.ts";

/** Services that this binary can run, one worker each. */
const serviceNames = ["ingest", "query"] as const;
/** A service that this binary can run. */
export type ServiceName = typeof serviceNames[number];

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
  /** Name of this instance: holds the leases on partitions. Two running instances must not share one. */
  instance: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/).default("cloud"),
  environment: z.enum(["development", "production"]).default("development"),
  services: z.array(z.enum(serviceNames)).min(1).default([...serviceNames]),
  nats: z.strictObject({
    servers: z.array(z.string().min(1)).min(1),
    user: z.string(),
    password: z.string(),
    /** Copies of the log and of all buckets, each on another node of the hub's cluster. */
    replicas: z.literal([1, 3, 5]).default(1),
  }),
  store,
  query: z.strictObject({
    address: address.default("127.0.0.1:8081"),
    /** File with the SHA-256 (hex) of the Bearer token that the API asks for. */
    token_sha256_file: z.string().min(1),
  }),
  /** Health and metrics of all services; not for the public. */
  private_address: address.default("127.0.0.1:9080"),
  log: z.strictObject({
    level: z.enum(["debug", "info", "warn", "error"]).default("info"),
    format: z.enum(["json", "pretty"]).default("json"),
  }).prefault({}),
}).refine((config) => config.environment !== "production" || config.store.kind !== "sqlite", {
  path: ["store", "kind"],
  error: "sqlite is the embedded store for development, production wants questdb",
});

/** Parsed configuration. */
export type CloudConfig = z.infer<typeof schema>;
/** Which store, and where. */
export type StoreConfig = CloudConfig["store"];

/** Parses the file's text; throws `bad_config` with every fault. */
export function parseCloudConfig(text: string, file: string): Readonly<CloudConfig> {
  return parseConfig<CloudConfig>(text, { schema, file });
}
