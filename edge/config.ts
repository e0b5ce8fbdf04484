/** The agent's configuration: YAML text in, a frozen value or all faults out. See agent.example.yaml. */
import { z } from "zod";
import { parseConfig } from "#proto/base/config.ts";
import { vehicleIdPattern } from "#proto/ids.ts";

const MiB = 1024 * 1024;
/** Below that a ring cannot hold its segments; above, something was mistyped. */
const ringBytesMin = 16 * MiB;
const ringBytesMax = 16 * 1024 * 1024 * MiB;

const bytePattern = /^(\d+(?:\.\d+)?)\s*(KiB|MiB|GiB|TiB)$/;
const byteUnits: Readonly<Record<string, number>> = { KiB: 1024, MiB, GiB: 1024 * MiB, TiB: 1024 * 1024 * MiB };

const bytes = z.union([z.number().int(), z.string()]).transform((value, context) => {
  const match = typeof value === "string" ? bytePattern.exec(value) : null;
  const count = typeof value === "number" ? value : match === null ? NaN : Number(match[1]) * byteUnits[match[2]];
  if (count >= ringBytesMin && count <= ringBytesMax) return Math.floor(count);
  context.addIssue({ code: "custom", message: `wanted 16MiB to 16TiB, or as many bytes, not "${value}"` });
  return z.NEVER;
});

const hostPort = z.string().transform((text, context) => {
  const match = /^(?:\[([0-9A-Fa-f:]+)\]|([^:\s]+)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match !== null && port <= 65_535) return { host: match[1] ?? match[2], port };
  context.addIssue({ code: "custom", message: `wanted host:port, not "${text}"` });
  return z.NEVER;
});

const path = z.string().min(1);

const schema = z.strictObject({
  vehicle_id: z.string().regex(vehicleIdPattern, `wanted ${vehicleIdPattern.source}`),
  certificate: path,
  key: path,
  roots: z.array(path).min(1),
  relay: z.strictObject({ addresses: z.array(hostPort).min(1).max(16) }),
  ring: z.strictObject({
    path,
    bytes: bytes.prefault("512MiB"),
    when_full: z.enum(["overwrite", "refuse"]).default("overwrite"),
  }),
  sdk: z.strictObject({
    address: hostPort.prefault("127.0.0.1:7777"),
    socket: path.optional(),
    allow_remote: z.boolean().default(false),
  }).prefault({}).refine((sdk) => sdk.allow_remote || isLoopback(sdk.address.host), {
    path: ["address"],
    error: "is not a loopback address: say allow_remote: true if other machines shall reach the API",
  }),
  commands: z.strictObject({
    root: path,
    path: path,
  }).optional(),
  renewal: z.strictObject({
    ca_url: z.string().regex(/^https:\/\/\S+$/, "wanted https://host[:port]"),
    ca_root: path,
    step: path.default("step"),
  }).optional(),
  log: z.strictObject({
    level: z.enum(["debug", "info", "warn", "error"]).default("info"),
    format: z.enum(["json", "pretty"]).default("json"),
  }).prefault({}),
});

/** Parsed configuration; sizes in bytes, addresses taken apart. */
export type AgentConfig = z.infer<typeof schema>;

/** Where the agent looks for its configuration when `SYSTEMSCALE_CONFIG` does not say. */
export const defaultConfigPath = "/etc/systemscale/agent.yaml";

/** Parses the file's text; throws `bad_config` with every fault. */
export function parseAgentConfig(text: string, file: string): Readonly<AgentConfig> {
  return parseConfig<AgentConfig>(text, { schema, file });
}

/** Whether an address is reachable from this machine only. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}
