/** The relay's configuration file. Every key is explained in relay.example.yaml. */
import { z } from "zod";
import { parseConfig } from "#proto/base/config.ts";
import { type RelayName, vehicleIdPattern } from "#proto/ids.ts";
import {
  crlGraceMsMax,
  crlLoginGraceMsDefault,
  crlPollMsDefault,
  crlPollMsMax,
  crlPollMsMin,
  crlSessionGraceMsDefault,
  halfOpenMaxDefault,
  halfOpenPerAddressMaxDefault,
  handshakesInVainPerSecondDefault,
  heldBytesMaxDefault,
  linksMaxDefault,
  linksPerSecondAndAddressDefault,
  loginsPerMinuteAndVehicleDefault,
  loginsPerSecondDefault,
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

const seconds = (bounds: { min: number; max: number; standard: number }) =>
  z.int().min(bounds.min / 1000).max(bounds.max / 1000).default(bounds.standard / 1000);

const revocation = z.strictObject({
  crls: z.array(
    z.strictObject({
      issuer: path,
      url: z.url({ protocol: /^https?$/ }).optional(),
      file: path.optional(),
    }).refine(({ url, file }) => (url === undefined) !== (file === undefined), "wanted exactly one of url and file"),
  ).min(1),
  poll_seconds: seconds({ min: crlPollMsMin, max: crlPollMsMax, standard: crlPollMsDefault }),
  login_grace_seconds: seconds({ min: 0, max: crlGraceMsMax, standard: crlLoginGraceMsDefault }),
  session_grace_seconds: seconds({ min: 0, max: crlGraceMsMax, standard: crlSessionGraceMsDefault }),
}).refine(
  (terms) => terms.login_grace_seconds <= terms.session_grace_seconds,
  { path: ["login_grace_seconds"], message: "longer than session_grace_seconds: who may log in may stay" },
);

const schema = z.strictObject({
  name: z.string().regex(vehicleIdPattern).transform((text) => text as RelayName),
  node: z.string().min(1).max(253),
  listen: hostPort.prefault("0.0.0.0:443"),
  listen_tcp: z.union([z.literal("off"), hostPort]).optional(),
  public_port: z.int().min(1).max(65_535).optional(),
  role: z.enum(["node", "shared_name"]).default("node"),
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
  revocation: revocation.optional(),
  private_address: hostPort.prefault("127.0.0.1:9090"),
  shards: z.literal(1, "this version runs exactly 1 shard").default(1),
  limits: z.strictObject({
    links: positive.default(linksMaxDefault),
    half_open: positive.default(halfOpenMaxDefault),
    half_open_per_address: positive.default(halfOpenPerAddressMaxDefault),
    links_per_second_and_address: positive.default(linksPerSecondAndAddressDefault),
    handshakes_in_vain_per_second: positive.default(handshakesInVainPerSecondDefault),
    logins_per_second: positive.default(loginsPerSecondDefault),
    logins_per_minute_and_vehicle: positive.default(loginsPerMinuteAndVehicleDefault),
    held_megabytes: z.int().min(1).max(4096).default(heldBytesMaxDefault / MiB),
  }).prefault({}),
  log: z.strictObject({
    level: z.enum(["debug", "info", "warn", "error"]).default("info"),
    format: z.enum(["json", "pretty"]).default("json"),
  }).prefault({}),
}).refine(
  // An issuer without a list could not take a certificate back.
  ({ revocation, vehicle_issuers: issuers = [] }) =>
    revocation === undefined || sameTexts(revocation.crls.map(({ issuer }) => issuer), issuers),
  { path: ["revocation", "crls"], message: "wanted one entry for each of vehicle_issuers, and for no other" },
);

function sameTexts(some: readonly string[], others: readonly string[]): boolean {
  return JSON.stringify(some.toSorted()) === JSON.stringify(others.toSorted());
}

/** The configuration, checked and frozen. File names are as written: relative ones count from the config's folder. */
export type RelayConfig = z.infer<typeof schema>;

/** Parses the text of a configuration file; throws `bad_config` with every fault. */
export function parseRelayConfig(text: string, file: string): Readonly<RelayConfig> {
  return parseConfig(text, { schema, file });
}
