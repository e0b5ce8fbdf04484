/**
 * One shard: a process under the supervisor (main.ts), with its own endpoint and its own connection to NATS. It tells
 * its private port in one line on standard output, and ends when its standard input does: nobody is left behind when a
 * supervisor is killed.
 */
import process from "node:process";
import { parseArgs } from "node:util";
import { certificateCheck } from "#proto/base/certificate.ts";
import { CredentialDesk, type CredentialDeskParts } from "#proto/base/credential_desk.ts";
import { crlIssuersOf } from "#proto/base/crl.ts";
import { asFault } from "#proto/errors.ts";
import { processClock } from "#proto/io/clock.ts";
import { credentialFiles } from "#proto/io/credential_files.ts";
import { makeLog } from "#proto/io/log.ts";
import { connectNats } from "#proto/io/nats.ts";
import { systemRandom } from "#proto/io/random.ts";
import type { Log } from "#proto/ports.ts";
import { settledWithin } from "#proto/within.ts";
import { CrlDesk, type CrlDeskOptions } from "./crl_desk.ts";
import { inboxPrefixOf, natsBackbone } from "./io/backbone.ts";
import { crlSource } from "#proto/io/crl_source.ts";
import { readRelayFiles, type RelayFiles } from "./io/files.ts";
import { openListeners, renewAll } from "./io/listeners.ts";
import { backboneStopMs, handshakesMax } from "./limits.ts";
import { type ProcessFacts, shardMetrics } from "./metrics.ts";
import { createPrivateApp } from "./private_app.ts";
import { Relay } from "./relay.ts";
import { revocationOff } from "./revocation.ts";
import { hexOf } from "./session.ts";
import { readNewTlsIdentity, readTlsIdentity, type TlsIdentity } from "./tls_identity.ts";

const { values } = parseArgs({ options: { config: { type: "string" }, shard: { type: "string" } } });
const shard = Number(values.shard);
const files = await readRelayFiles(values.config ?? "");
const log = makeLog({ service: `relay.shard${shard}`, ...files.config.log });

const stop = Promise.withResolvers<string>();
Deno.addSignalListener("SIGTERM", () => stop.resolve("SIGTERM"));
Deno.addSignalListener("SIGINT", () => stop.resolve("SIGINT"));
endWithStandardInput();

try {
  await run(files);
} catch (thrown) {
  log.error("The shard cannot run", { reason: asFault(thrown).message });
  Deno.exit(1);
}
Deno.exit(0);

async function run(files: RelayFiles): Promise<void> {
  const { config, vehicleRoots, vehicleIssuers, natsPassword } = files;
  const clock = processClock();
  const random = systemRandom();
  let tls = readTlsIdentity(files.tls, config.node);
  const checkChain = certificateCheck({ roots: vehicleRoots, issuers: vehicleIssuers });
  const inboxPrefix = inboxPrefixOf(config.name, shard);
  const { servers, user, domain } = config.nats;
  const name = `relay ${config.name} shard ${shard}`;
  const connection = await connectNats({ servers, user, password: natsPassword, name, inboxPrefix });
  const nats = { connection, relay: config.name, shard, run: hexOf(random.bytes(8)), domain, log };
  const crls = crlDesk(files, { clock, random, log });
  const relay = new Relay({
    relay: config.name,
    shard,
    node: config.node,
    port: config.public_port ?? config.listen.port,
    isSharedName: config.role === "shared_name",
    identity: () => tls,
    checkChain,
    revocation: crls ?? revocationOff,
    limits: limitsOf(config.limits),
    clock,
    random,
    log,
    backbone: await natsBackbone(nats),
    reclaim: garbageCollector(),
  });
  // Before the first list is here every login would be refused, and a whole fleet would come a second time.
  await crls?.triedOnce;
  const { certPem, keyPem } = tls;
  const listeners = await openListeners(config, {
    ...{ certPem, keyPem, handshakesMax },
    mayShakeHands: () => relay.mayShakeHands(),
    handleFailedHandshake: () => relay.handleFailedHandshake(),
  });
  const serving = Promise.race(listeners.map((listener) => relay.serve(listener)));
  const onRenewed = (renewed: TlsIdentity) => {
    try {
      renewAll(listeners, renewed);
      tls = renewed;
    } catch (thrown) {
      log.error("Cannot serve the new certificate, the old one goes on", { reason: asFault(thrown).message });
    }
  };
  const desk = certificateDesk(files, { credentials: tls, clock, log, onRenewed });
  const stopped = new AbortController();
  const renewing = desk.run(stopped.signal);
  await servePrivate(relay, { desk, log });
  log.info("The shard takes links", { ports: listeners.map(({ port }) => port).join(", "), node: config.node });
  log.info("The shard drains", { signal: await Promise.race([stop.promise, serving.then(() => "listener ended")]) });
  stopped.abort();
  await Promise.all([relay.drain(), renewing]);
  await settledWithin(connection.drain(), { clock, limitMs: backboneStopMs });
  await Promise.all(listeners.map((listener) => listener.close()));
}

function crlDesk({ crls, config }: RelayFiles, ports: Pick<CrlDeskOptions, "clock" | "random" | "log">) {
  const { revocation } = config;
  if (crls === undefined || revocation === undefined) {
    ports.log.warn("Revocation is off: a certificate that was revoked is good until it ends. Production wants it on");
    return undefined;
  }
  const issuers = crlIssuersOf(crls.map(({ issuerPem }) => issuerPem));
  return new CrlDesk({
    ...ports,
    lists: issuers.map((issuer, at) => ({ issuer, source: crlSource(crls[at].location) })),
    terms: {
      pollMs: revocation.poll_seconds * 1000,
      loginGraceMs: revocation.login_grace_seconds * 1000,
      sessionGraceMs: revocation.session_grace_seconds * 1000,
    },
  });
}

/** Looks after the node's certificate: a new one is served to new links, without a restart. */
function certificateDesk(
  { tls, tlsPaths, config }: RelayFiles,
  parts: Pick<CredentialDeskParts<TlsIdentity>, "credentials" | "clock" | "log" | "onRenewed">,
): CredentialDesk<TlsIdentity> {
  return new CredentialDesk({
    ...parts,
    files: tls,
    source: credentialFiles(tlsPaths),
    read: (files, nowMs) => readNewTlsIdentity(files, { node: config.node, nowMs }),
    clockOffsetNs: () => 0n,
  });
}

function limitsOf(limits: RelayFiles["config"]["limits"]) {
  return {
    linksMax: limits.links,
    halfOpenMax: limits.half_open,
    halfOpenPerAddressMax: limits.half_open_per_address,
    linksPerSecondAndAddress: limits.links_per_second_and_address,
    handshakesInVainPerSecond: limits.handshakes_in_vain_per_second,
    loginsPerSecond: limits.logins_per_second,
    loginsPerMinuteAndVehicle: limits.logins_per_minute_and_vehicle,
    heldBytesMax: limits.held_megabytes * 1024 * 1024,
  };
}

/** Serves the supervisor on a free port of loopback and tells it which. */
async function servePrivate(
  relay: Relay,
  { desk, log }: { desk: CredentialDesk<TlsIdentity>; log: Log },
): Promise<void> {
  const app = createPrivateApp({
    reasonAgainstReady: () => Promise.resolve(relay.reasonAgainstReady()),
    metrics: () =>
      Promise.resolve(shardMetrics({ ...relay.facts(), ...processFacts(), certificate: desk.status }, shard)),
    refusals: () => Promise.resolve(relay.refusals()),
  }, log);
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, app.fetch);
  const line = JSON.stringify({ private_port: server.addr.port });
  await Deno.stdout.write(new TextEncoder().encode(`${line}\n`));
}

/** The supervisor starts shards with V8's `--expose-gc`. */
function garbageCollector(): () => void {
  const { gc } = globalThis as { gc?: () => void };
  if (gc === undefined) throw new Error("Cannot run a shard without --v8-flags=--expose-gc");
  return gc;
}

function processFacts(): ProcessFacts {
  const { user, system } = process.cpuUsage();
  return { cpuSeconds: (user + system) / 1e6, residentBytes: Deno.memoryUsage().rss };
}

/** At once, without a drain: a new supervisor's shard wants the port. */
async function endWithStandardInput(): Promise<void> {
  for await (const _ of Deno.stdin.readable) { /* nothing is ever said there */ }
  Deno.exit(1);
}
