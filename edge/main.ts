/**
 * systemscale-agent: takes frames from the vehicle's software and brings them to the cloud.
 *
 *     configuration, certificate, key -> ring -> local API -> (linkDelayMs after the ring) what links
 *
 * An agent that was killed must take frames again at once (goals.md R1), and importing modules is the longest part of its
 * start. So the static imports here, and all that they reach, are what it takes to answer a post or to refuse the
 * configuration. What links needs more than as much again, and is imported when the first posts have been answered.
 */
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { asFault, Fault } from "#proto/errors.ts";
import { parseVehicleId } from "#proto/ids.ts";
import { processClock, systemClock } from "#proto/io/clock.ts";
import { credentialFiles } from "#proto/io/credential_files.ts";
import { openLibc } from "#proto/io/libc.ts";
import { makeLog } from "#proto/io/log.ts";
import { systemRandom } from "#proto/io/random.ts";
import { dropBuiltInRoots } from "#proto/io/tls_roots.ts";
import type { Log } from "#proto/ports.ts";
import { type Agent, startAgent } from "./agent.ts";
import { Collector } from "./collect/collector.ts";
import { type AgentConfig, defaultConfigPath, isLoopback } from "./config.ts";
import { type Credentials, readCredentials } from "./identity.ts";
import { openDisk } from "./io/disk.ts";
import { type AgentFiles, readAgentFiles } from "./io/files.ts";
import { notifySystemd } from "./io/notify.ts";
import { serveTcp, serveUnix } from "./io/sdk_listener.ts";
import { linkDelayMs, stopMsMax } from "./limits.ts";
import { createSdkApp } from "./sdk/app.ts";
import facts from "./deno.json" with { type: "json" };

const usage = `systemscale-agent: takes frames from the vehicle's software and brings them to the cloud

  doctor           say what keeps this vehicle from the cloud, and end; run it as the agent's user
  renew            have the certificate renewed by the CA when it is due, and end: 0 renewed or not due, 75 not now,
                   1 refused or ended, 78 bad configuration; for a timer
  clock-floor      lift a clock that is behind every moment that has certainly passed, and end; for a unit of its own
  --config FILE    configuration; default: $SYSTEMSCALE_CONFIG, then ${defaultConfigPath}
  --dry-run        of clock-floor: only say it
  --force          of renew: although it is not due, or has ended
  --json           of doctor: as JSON
  --check-config   say whether the configuration is good, and end
  --version        print the version, and end`;

const commands = ["clock-floor", "doctor", "renew"];

/** Exit codes; 78 is EX_CONFIG of sysexits.h: a restart will not help. */
const exitCodes = { good: 0, failed: 1, badConfig: 78 };

try {
  Deno.exit(await main());
} catch (thrown) {
  const { code, message } = asFault(thrown);
  console.error(message);
  Deno.exit(code === "bad_config" ? exitCodes.badConfig : exitCodes.failed);
}

async function main(): Promise<number> {
  const { values, positionals: [command] } = parseArguments();
  if (values.help === true) return say(usage);
  if (values.version === true) return say(`systemscale-agent ${facts.version}`);
  dropBuiltInRoots();
  const file = resolve(values.config ?? Deno.env.get("SYSTEMSCALE_CONFIG") ?? defaultConfigPath);
  if (command === "doctor") return await examine(file, { asJson: values.json === true });
  const files = readAgentFiles(file);
  const credentials = readCredentials(files, parseVehicleId(files.config.vehicle_id));
  if (values["check-config"] === true) return say(`${file}: good`);
  const log = makeLog({ service: "agent", ...files.config.log });
  if (command === "clock-floor") {
    return await liftClock({ ...files, leaf: credentials.chain[0], log }, { dryRun: values["dry-run"] === true });
  }
  if (command === "renew") return await renew(files, { log, when: values.force === true ? "anyway" : "due" });
  const agent = await start(files, { credentials, log });
  return await serve(agent, { config: files.config, log });
}

function parseArguments() {
  try {
    const parsed = parseArgs({
      allowPositionals: true,
      options: {
        config: { type: "string" },
        "check-config": { type: "boolean" },
        "dry-run": { type: "boolean" },
        force: { type: "boolean" },
        json: { type: "boolean" },
        version: { type: "boolean" },
        help: { type: "boolean" },
      },
    });
    const unknown = parsed.positionals.find((word, at) => at > 0 || !commands.includes(word));
    if (unknown !== undefined) throw new Fault("bad_config", `Cannot run "${unknown}": there is no such command`);
    return parsed;
  } catch (cause) {
    throw new Fault("bad_config", `${asFault(cause).message}\n\n${usage}`, { cause });
  }
}

function say(text: string): number {
  console.log(text);
  return exitCodes.good;
}

async function start(
  { config, ringPath, relayRoots, credentialPaths, commands, ...files }: AgentFiles,
  { credentials, log }: { credentials: Credentials; log: Log },
): Promise<Agent> {
  const libc = openLibc();
  const clock = systemClock(libc);
  const random = systemRandom();
  const vehicleId = parseVehicleId(config.vehicle_id);
  const boot = random.bytes(16);
  return await startAgent({
    vehicleId,
    identity: { ...credentials, boot, agentVersion: facts.version },
    credentials: { credentials, files, source: credentialFiles(credentialPaths) },
    ring: { disk: await openDisk(ringPath), bytesMax: config.ring.bytes, whenFull: config.ring.when_full },
    // Not `import`ed above: see the head of this file.
    openUplink: async (needs) => {
      await clock.after(linkDelayMs);
      const { openUplink } = await import("./io/open_uplink.ts");
      return openUplink(needs, { addresses: config.relay.addresses, roots: relayRoots });
    },
    ...(commands && {
      openCommands: async (speaker) => {
        await clock.after(linkDelayMs);
        const { openCommands } = await import("./io/open_commands.ts");
        return openCommands({ vehicle: vehicleId, boot, speaker, clock, random, log }, commands);
      },
    }),
    clock,
    random,
    log,
    clockSynchronized: () => libc?.clockSynchronized() ?? false,
  });
}

async function renew(files: AgentFiles, options: { log: Log; when: "due" | "anyway" }): Promise<number> {
  const { renew } = await import("./io/renew.ts");
  const vehicleId = parseVehicleId(files.config.vehicle_id);
  const ports = { clock: systemClock(openLibc()), random: systemRandom() };
  const { exitCode, text } = await renew(files, { ...options, ...ports, vehicleId });
  say(`renew: ${text}`);
  return exitCode;
}

async function examine(file: string, { asJson }: { asJson: boolean }): Promise<number> {
  const { collectEvidence } = await import("./io/doctor.ts");
  const { diagnose } = await import("./doctor/diagnose.ts");
  const { causeOf } = await import("./doctor/finding.ts");
  const { reportJson, reportText } = await import("./doctor/report.ts");
  const evidence = await collectEvidence(file, { agentVersion: facts.version });
  const findings = diagnose(evidence);
  const vehicle = evidence.config instanceof Fault ? undefined : evidence.config.vehicle_id;
  say(asJson ? reportJson(vehicle, findings) : reportText(findings));
  const cause = causeOf(findings);
  if (cause === undefined) return exitCodes.good;
  return cause.check === "config" ? exitCodes.badConfig : exitCodes.failed;
}

async function liftClock(
  parts: { readonly ringPath: string; readonly leaf: Uint8Array; readonly log: Log },
  { dryRun }: { dryRun: boolean },
): Promise<number> {
  const { clockLiftOf } = await import("./clock_floor.ts");
  const { readPassedMoments } = await import("./io/passed_moments.ts");
  const libc = openLibc();
  const wallNs = systemClock(libc).wallNs();
  const lift = clockLiftOf(wallNs, await readPassedMoments(parts));
  if (lift === undefined) return say(`clock-floor: ${dateText(wallNs)} is not behind`);
  const { toNs, source } = lift;
  if (!dryRun && libc?.setWallNs(toNs) !== true) {
    throw new Fault("unavailable", `Cannot set the clock from ${dateText(wallNs)} to ${dateText(toNs)}: not allowed`);
  }
  const done = dryRun ? "would be lifted" : "is lifted";
  return say(`clock-floor: ${dateText(wallNs)} ${done} to ${dateText(toNs)}, by the ${source}`);
}

function dateText(ns: bigint): string {
  return new Date(Number(ns / 1_000_000n)).toISOString();
}

/** Serves the local API until a signal comes or the agent breaks. */
async function serve(agent: Agent, { config, log }: { config: Readonly<AgentConfig>; log: Log }): Promise<number> {
  const signal = Promise.withResolvers<string>();
  for (const name of ["SIGTERM", "SIGINT"] as const) Deno.addSignalListener(name, () => signal.resolve(name));
  const { address, socket } = config.sdk;
  const parts = { agent, commands: () => agent.commands, log, clock: processClock(), collector: new Collector() };
  const tcp = serveTcp(createSdkApp({ ...parts, guardOrigin: isLoopback(address.host) }), address);
  const unix = socket === undefined
    ? undefined
    : await serveUnix(createSdkApp({ ...parts, guardOrigin: false }), socket);
  log.info("The agent runs", { vehicle: config.vehicle_id, host: address.host, port: tcp.port });
  await notifySystemd("READY=1");

  const reason = await Promise.race([signal.promise, agent.ended]);
  log.info("The agent stops", { reason: reason ?? "" });
  // Whatever hangs, the process ends in time: what is durable stays so.
  setTimeout(() => Deno.exit(exitCodes.failed), stopMsMax);
  await notifySystemd("STOPPING=1");
  // Posts are answered until the last moment, with a refusal.
  await agent.stop();
  await Promise.all([tcp.stop(), unix?.stop()]);
  return exitCodes.good;
}
