/** The relay's configuration file. Every key is explained in relay.example.yaml. */
import { z } from "zod";
import { parseConfig } from "#proto/base/config.ts";
import { type RelayName, vehicleIdPattern } from "#proto/ids.ts";
import {
  halfOpenMaxDefault,
  halfOpenPerAddressMaxDefault,
  heldBytesMaxDefault,
  linksMaxDefault,
  linksPerSecondAndAddressDefault,
} from "./limits.ts";

/** A host and a port. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

const MiB = 1024 * 1024;
const hostPattern = /^(?:\[([0-9a-fA-F:.]+)\]|([^:\s]+)):(\d{1,5})$/;

/** `host:port`, IPv6 in brackets. Port 0 takes a free one. */
const hostPort = z.string().transform((text, context): HostPort => {
  const match = hostPattern.exec(text);
  const port = Number(match?.[3]);
  if (match !== null && port <= 65_535) return { host: match[1] ?? match[2], port };
  context.addIssue({ code: "custom", message: `wanted host:port, found "${text}"` });
  return z.NEVER;
});
const path = z.string().min(1);
const positive = z.int().min(1);

const schema = z.strictObject({
  name: z.string().regex(vehicleIdPattern).transform((text) => text as RelayName),
  node: z.string().min(1).max(253),
  listen: hostPort.prefault("0.0.0.0:443"),
  certificate: path,
  key: path,
  vehicle_roots: z.array(path).min(1),
  vehicle_issuers: z.array(path).min(1).optional(),
  nats: z.strictObject({
    servers: z.array(z.string().min(1)).min(1),
    user: z.string().min(1),
    password: z.string().min(1).optional(),
    password_file: path.optional(),
    domain: z.string().regex(/^[A-Za-z0-9_-]+$/).optional(),
  }).refine(
    ({ password, password_file: file }) => (password === undefined) !== (file === undefined),
    "wanted exactly one of password and password_file",
  ),
  private_address: hostPort.prefault("127.0.0.1:9090"),
  shards: z.literal(1, "this version runs exactly 1 shard").default(1),
  limits: z.strictObject({
    links: positive.default(linksMaxDefault),
    half_open: positive.default(halfOpenMaxDefault),
    half_open_per_address: positive.default(halfOpenPerAddressMaxDefault),
    links_per_second_and_address: positive.default(linksPerSecondAndAddressDefault),
    held_megabytes: z.int().min(1).max(4096).default(heldBytesMaxDefault / MiB),
  }).prefault({}),
  log: z.strictObject({
    level: z.enum(["debug", "info", "warn", "error"]).default("info"),
    format: z.enum(["json", "pretty"]).default("json"),
  }).prefault({}),
});

/** The configuration, checked and frozen. File names are as written: relative ones count from the config's folder. */
export type RelayConfig = z.infer<typeof schema>;

/** Parses the text of a configuration file; throws `bad_config` with every fault. */
export function parseRelayConfig(text: string, file: string): Readonly<RelayConfig> {
  return parseConfig(text, { schema, file });
}
