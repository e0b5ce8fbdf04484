/** systemscale-relay: supervises its shards and answers on the private port. */
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { certificateCheck } from "#proto/base/certificate.ts";
import { crlIssuersOf } from "#proto/base/crl.ts";
import { mergeMetrics, metricsText, samplesBy } from "#proto/base/metrics.ts";
import { asFault } from "#proto/errors.ts";
import { processClock } from "#proto/io/clock.ts";
import { guardSocket, serveGuarded } from "#proto/io/http_guard.ts";
import { makeLog } from "#proto/io/log.ts";
import type { Clock, Log } from "#proto/ports.ts";
import { readRelayFiles } from "./io/files.ts";
import { settledWithin } from "#proto/within.ts";
import { ShardProcess } from "./io/shard_process.ts";
import { privateStopMs } from "./limits.ts";
import { createPrivateApp, type PrivateSources } from "./private_app.ts";
import type { RefusalEntry } from "./refusals.ts";
import { readTlsIdentity } from "./tls_identity.ts";
import version from "./deno.json" with { type: "json" };

const usage = `systemscale-relay: takes the links of vehicles

  --config FILE    configuration; default: $SYSTEMSCALE_CONFIG, then /etc/systemscale/relay.yaml
  --check-config   say whether the configuration is good, and end
  --version        print the version, and end`;
const defaultConfigFile = "/etc/systemscale/relay.yaml";

try {
  Deno.exit(await main());
} catch (thrown) {
  console.error(asFault(thrown).message);
  Deno.exit(1);
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      config: { type: "string" },
      "check-config": { type: "boolean" },
      version: { type: "boolean" },
      help: { type: "boolean" },
    },
  });
  if (values.help === true) return say(usage);
  if (values.version === true) return say(`systemscale-relay ${version.version}`);
  const configFile = resolve(values.config ?? Deno.env.get("SYSTEMSCALE_CONFIG") ?? defaultConfigFile);
  const files = await readRelayFiles(configFile);
  // What a shard would find wrong is found before one is started.
  certificateCheck({ roots: files.vehicleRoots, issuers: files.vehicleIssuers });
  readTlsIdentity(files.tls, files.config.node);
  crlIssuersOf(files.crls?.map(({ issuerPem }) => issuerPem) ?? []);
  if (values["check-config"] === true) return say(`${configFile}: good`);
  const log = makeLog({ service: "relay", ...files.config.log });
  return await supervise({ configFile, config: files.config, clock: processClock(), log });
}

function say(text: string): number {
  console.log(text);
  return 0;
}

interface Supervision {
  readonly configFile: string;
  readonly config: Awaited<ReturnType<typeof readRelayFiles>>["config"];
  readonly clock: Clock;
  readonly log: Log;
}

async function supervise({ configFile, config, clock, log }: Supervision): Promise<number> {
  const shards = Array.from(
    { length: config.shards },
    (_, shard) => new ShardProcess({ shard, configFile, clock, log }),
  );
  const stop = Promise.withResolvers<void>();
  for (const name of ["SIGTERM", "SIGINT"] as const) Deno.addSignalListener(name, () => stop.resolve());
  const { host, port } = config.private_address;
  const address = { hostname: host, port, socket: guardSocket("relay", port) };
  const server = serveGuarded(address, createPrivateApp(sourcesOf(shards), log).fetch);
  log.info("The relay starts", { node: config.node, privatePort: server.port, shards: shards.length });
  const running = Promise.all(shards.map((shard) => shard.run()));
  await stop.promise;
  log.info("The relay stops");
  await Promise.all(shards.map((shard) => shard.stop()));
  await running;
  await settledWithin(server.shutdown(), { clock, limitMs: privateStopMs });
  return 0;
}

/** The shards' answers as one. */
function sourcesOf(shards: readonly ShardProcess[]): PrivateSources {
  return {
    reasonAgainstReady: async () => {
      const reasons = await Promise.all(shards.map(reasonAgainst));
      // One shard that can serve is enough: links to another fail over.
      return reasons.includes(undefined) ? undefined : reasons.join("; ");
    },
    metrics: async () => {
      const answers = await Promise.all(shards.map((shard) => shard.ask("/metrics")));
      const texts = await Promise.all(answers.map((answer) => answer?.ok ? answer.text() : ""));
      return mergeMetrics([...texts, restartsText(shards)]);
    },
    refusals: async () => {
      const answers = await Promise.all(shards.map((shard) => shard.ask("/refusals")));
      const lists: { refusals: RefusalEntry[] }[] = await Promise.all(
        answers.flatMap((answer) => answer?.ok ? [answer.json()] : []),
      );
      return lists.flatMap(({ refusals }) => refusals);
    },
  };
}

async function reasonAgainst(shard: ShardProcess): Promise<string | undefined> {
  const answer = await shard.ask("/readyz");
  if (answer === undefined) return `shard ${shard.shard} does not answer`;
  if (answer.ok) {
    await answer.body?.cancel();
    return undefined;
  }
  const { detail } = await answer.json();
  return `shard ${shard.shard}: ${detail}`;
}

function restartsText(shards: readonly ShardProcess[]): string {
  return metricsText([{
    name: "systemscale_relay_shard_restarts_total",
    type: "counter",
    help: "Times that a shard was started again",
    samples: samplesBy("shard", shards.map(({ shard, restarts }) => [shard, restarts])),
  }]);
}
