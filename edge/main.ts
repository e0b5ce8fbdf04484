/** `systemscale-agent`: the composition root. Configuration in, an agent with its local API out. */
import deno from "./deno.json" with { type: "json" };
import { certificatesOf } from "#proto/base/pem.ts";
import { asFault, Fault } from "#proto/errors.ts";
import { parseVehicleId } from "#proto/ids.ts";
import { systemClock } from "#proto/io/clock.ts";
import { openLibc } from "#proto/io/libc.ts";
import { makeLog } from "#proto/io/log.ts";
import { quicDialer } from "#proto/io/quic.ts";
import { systemRandom } from "#proto/io/random.ts";
import { dropBuiltInRoots } from "#proto/io/tls_roots.ts";
import { signerOf } from "#proto/signature.ts";
import { type AgentOptions, startAgent } from "./agent.ts";
import { type AgentConfig, defaultConfigPath, parseAgentConfig } from "./config.ts";
import { openDisk } from "./io/disk.ts";
import { serveTcp, serveUnix } from "./io/sdk_listener.ts";
import { createSdkApp } from "./sdk/app.ts";

const bootBytes = 16;

async function main(args: readonly string[]): Promise<void> {
  if (args.includes("--version")) return console.log(`systemscale-agent ${deno.version}`);
  const file = Deno.env.get("SYSTEMSCALE_CONFIG") ?? defaultConfigPath;
  const config = parseAgentConfig(await readText(file, "configuration"), file);
  if (args.includes("--check-config")) return console.log(`${file}: good`);
  // Before the first TLS use: relays are trusted by the configured issuer and by nothing else.
  dropBuiltInRoots();
  await run(config);
}

/** Runs until a signal or a broken promise ends it. */
async function run(config: Readonly<AgentConfig>): Promise<void> {
  const log = makeLog({ service: "agent", ...config.log });
  const agent = await startAgent(await optionsOf(config, log));
  const app = createSdkApp({ agent, log, guardOrigin: !config.sdk.allow_remote });
  const listeners = [serveTcp(app, config.sdk.address)];
  const sockets = config.sdk.socket === undefined
    ? []
    : [await serveUnix(createSdkApp({ agent, log, guardOrigin: false }), config.sdk.socket)];
  log.info("Agent started", { vehicle: config.vehicle_id, sdk: config.sdk.address.port });

  const stop = () => agent.stop();
  for (const signal of ["SIGTERM", "SIGINT"] as const) Deno.addSignalListener(signal, stop);
  await agent.ended;
  await Promise.all([...listeners, ...sockets].map((listener) => listener.stop()));
}

async function optionsOf(config: Readonly<AgentConfig>, log: AgentOptions["log"]): Promise<AgentOptions> {
  const libc = openLibc();
  const random = systemRandom();
  const trust = await Promise.all(config.roots.map((path) => readText(path, "root")));
  await Deno.mkdir(config.ring.path, { recursive: true });
  return {
    vehicleId: parseVehicleId(config.vehicle_id),
    identity: {
      chain: certificatesOf(await readText(config.certificate, "certificate")),
      signer: signerOf(await readText(config.key, "key")),
      boot: random.bytes(bootBytes),
      agentVersion: deno.version,
    },
    targets: {
      relays: config.relay.addresses.map(({ host, port }) => ({ host, port, node: host, trust })),
      redirectDomains: [],
    },
    ring: {
      disk: await openDisk(config.ring.path),
      bytesMax: config.ring.bytes,
      whenFull: config.ring.when_full,
    },
    dialer: quicDialer(),
    clock: systemClock(libc),
    random,
    log,
    clockSynchronized: () => libc?.clockSynchronized() ?? false,
  };
}

async function readText(path: string, what: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    const reason = error instanceof Deno.errors.NotFound ? "there is no such file" : asFault(error).message;
    throw new Fault("bad_config", `Cannot read ${what} "${path}": ${reason}`, { cause: error });
  }
}

try {
  await main(Deno.args);
  Deno.exit(0);
} catch (error) {
  console.error(asFault(error).message);
  Deno.exit(1);
}
