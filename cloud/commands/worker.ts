/** The commands service's composition root: operators over HTTP, vehicles over NATS. */
import type { ConnectRouter } from "@connectrpc/connect";
import type { NatsConnection } from "@nats-io/transport-node";
import { certificateCheck } from "#proto/base/certificate.ts";
import { asFault } from "#proto/errors.ts";
import { CommandService } from "#proto/gen/systemscale/commands/v1/commands_pb.ts";
import { instantOf } from "#proto/instant.ts";
import { processClock } from "#proto/io/clock.ts";
import { makeLog } from "#proto/io/log.ts";
import { connectNats } from "#proto/io/nats.ts";
import { systemRandom } from "#proto/io/random.ts";
import type { Clock, Log } from "#proto/ports.ts";
import {
  allEventsSubject,
  allPresenceSubject,
  allSessionsSubject,
  commandSubject,
  stopSubject,
} from "#proto/subjects.ts";
import type { CloudConfig } from "../config.ts";
import { openDocuments } from "../lib/documents/io/kv_documents.ts";
import { followKeys, openGuard, openTrail } from "../lib/io/access.ts";
import { serveApi } from "../lib/io/serve_api.ts";
import { type RunningService, serveSupervisor } from "../lib/io/worker_side.ts";
import { LinkBoard } from "../lib/links/link_board.ts";
import { RegistryCopy } from "../lib/vehicle_registry.ts";
import { createApp } from "./app.ts";
import { Boots } from "./boots.ts";
import { catalogueOf } from "./catalogue.ts";
import { CommandBook } from "./command_book.ts";
import { Dispatcher } from "./dispatcher.ts";
import { commandCalls } from "./grpc_calls.ts";
import { bodyBytesMax, commandAgeMs, keyAgeMs, tickMs } from "./limits.ts";
import { commandMetrics, count, createCounts } from "./metrics.ts";
import type { VehicleLines } from "./ports.ts";
import { readSigners, type SignerFiles } from "./signers.ts";
import { StopDesk } from "./stop_desk.ts";

async function start({ commands: own, nats: { servers, replicas }, ...config }: CloudConfig): Promise<RunningService> {
  if (own === undefined) throw new Error("the configuration has no commands, although the service is wanted");
  const log = makeLog({ service: "commands", ...config.log });
  const [clock, random] = [processClock(), systemRandom()];
  const read = (path: string) => Deno.readTextFile(path);
  const signers = readSigners(
    await Promise.all(own.signers.map(async ({ key, certificate }): Promise<SignerFiles> => ({
      keyPem: await read(key),
      certificate: await read(certificate),
    }))),
    own.floor === undefined ? undefined : await read(own.floor),
  );
  const roots = await Promise.all(own.vehicle_roots.map(read));
  const issuers = own.vehicle_issuers && await Promise.all(own.vehicle_issuers.map(read));
  const checkChain = certificateCheck({ roots, issuers });

  const inboxPrefix = "_INBOX_commands";
  const nats = await connectNats({ ...own.nats, servers, name: `commands ${config.instance}`, inboxPrefix });
  const open = (bucket: string, ageMs?: number) => openDocuments(nats, { bucket, replicas, ageMs });
  const keys = await followKeys(nats, { log, replicas });
  const guard = await openGuard(config, { keys, clock });
  const audit = await openTrail(nats, { where: "commands", replicas, clock, log });
  const vehicles = new RegistryCopy(log);
  await vehicles.load(await open("vehicles"));
  const board = new LinkBoard({ isRegistered: (vehicle) => vehicles.isRegistered(vehicle), onPast: () => {} });
  const book = new CommandBook({ documents: await open("commands", commandAgeMs), clock, log });
  await book.load();
  const boots = new Boots(await open("boots"), log);
  await boots.load();
  const lines = linesOver(nats);
  const isLinked = (vehicle: Parameters<typeof board.of>[0]) => board.of(vehicle).link !== undefined;
  const stops = new StopDesk({ documents: await open("stops"), lines, signers, isLinked, clock, random, log });
  await stops.load();
  const callers = await open("command_keys", keyAgeMs);
  const parts = { book, boots, stops, keys: callers, vehicles, board, lines, signers, checkChain, clock, random, log };
  const dispatcher = new Dispatcher(parts);
  listen(nats, { dispatcher, board, clock, log });
  const counts = createCounts();
  const catalogue = catalogueOf(own.types);
  const app = createApp({ dispatcher, book, stops, vehicles, catalogue, guard, audit, clock, log, counts });
  const grpc = {
    ...{ services: [CommandService], messageBytesMax: bodyBytesMax, clock },
    routes: (router: ConnectRouter) => router.service(CommandService, commandCalls(app.fetch)),
    isServing: () => !nats.isClosed(),
  };
  const server = await serveApi({ service: "commands", address: own.address, grpc }, app.fetch);
  const stopping = new AbortController();
  const working = work(dispatcher, { board, clock, log, signal: stopping.signal });
  log.info("Commands API listens", { address: own.address, roles: [...signers.keys()].join(", ") });
  return {
    detail: () => nats.isClosed() ? "NATS connection is closed" : "",
    metrics: () => {
      const states = new Map<string, number>();
      for (const { state } of book.open()) count(states, state);
      return Promise.resolve(commandMetrics(counts, states));
    },
    stop: async () => {
      book.close();
      await server.shutdown();
      stopping.abort();
      await working;
      await nats.close();
    },
  };
}

function linesOver(nats: NatsConnection): VehicleLines {
  return {
    command: (vehicle, bytes) => nats.publish(commandSubject(vehicle), bytes),
    stop: (vehicle, bytes) => nats.publish(stopSubject(vehicle), bytes),
  };
}

function listen(
  nats: NatsConnection,
  { dispatcher, board, clock, log }: { dispatcher: Dispatcher; board: LinkBoard; clock: Clock; log: Log },
): void {
  const hear = (subject: string, handle: (data: Uint8Array, tokens: readonly string[]) => void) =>
    nats.subscribe(subject, {
      callback: (error, message) => {
        if (error !== null) return log.error("NATS does not let the service listen", { reason: error.message });
        try {
          handle(message.data, message.subject.split("."));
        } catch (thrown) {
          log.warn("Cannot take what a relay says", { subject: message.subject, reason: asFault(thrown).message });
        }
      },
    });
  hear(allSessionsSubject, (data) => dispatcher.handleProof(data.slice()));
  hear(allEventsSubject, (data) => dispatcher.handleEvent(data.slice()));
  hear(allPresenceSubject, (data, [, , relay, shard]) => {
    board.handlePresence({ relay, shard: Number(shard) }, data, instantOf(clock));
  });
}

async function work(
  dispatcher: Dispatcher,
  { board, clock, log, signal }: { board: LinkBoard; clock: Clock; log: Log; signal: AbortSignal },
): Promise<void> {
  while (!signal.aborted) {
    await clock.after(tickMs, signal).catch(() => undefined);
    board.pollSweep(instantOf(clock));
    try {
      await dispatcher.tick();
    } catch (thrown) {
      log.warn("Cannot look after commands, trying again", { reason: asFault(thrown).message });
    }
  }
}

serveSupervisor(start);
