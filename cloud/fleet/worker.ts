/** The fleet service's composition root: registry and links in JetStream and memory, behind HTTP. */
import type { NatsConnection } from "@nats-io/transport-node";
import { asFault } from "#proto/errors.ts";
import { instantOf } from "#proto/instant.ts";
import { processClock } from "#proto/io/clock.ts";
import { makeLog } from "#proto/io/log.ts";
import { connectNats } from "#proto/io/nats.ts";
import type { Clock, Log } from "#proto/ports.ts";
import { allPresenceSubject } from "#proto/subjects.ts";
import type { CloudConfig } from "../config.ts";
import { openStoreReader } from "../lib/io/open_store.ts";
import { followKeys, openGuard, openTrail } from "../lib/io/access.ts";
import { serveApi } from "../lib/io/serve_api.ts";
import { type RunningService, serveSupervisor } from "../lib/io/worker_side.ts";
import { createApp } from "./app.ts";
import { Fleet } from "./fleet.ts";
import { openDocuments } from "../lib/documents/io/kv_documents.ts";
import { sweepIntervalMs } from "../lib/links/limits.ts";
import { LinkBoard } from "../lib/links/link_board.ts";
import { createCounts, type FleetCounts, fleetMetrics } from "./metrics.ts";
import { PastKeeper } from "./past_keeper.ts";
import { Registry } from "./registry.ts";

async function start({ fleet: own, nats: { servers, replicas }, ...config }: CloudConfig): Promise<RunningService> {
  if (own === undefined) throw new Error("the configuration has no fleet, although the service is wanted");
  const log = makeLog({ service: "fleet", ...config.log });
  const clock = processClock();
  const inboxPrefix = "_INBOX_fleet";
  const nats = await connectNats({ ...own.nats, servers, name: `fleet ${config.instance}`, inboxPrefix });
  const keys = await followKeys(nats, { log, replicas });
  const guard = await openGuard(config, { keys, clock });
  const audit = await openTrail(nats, { where: "fleet", replicas, clock, log });
  const registry = new Registry({ documents: await openDocuments(nats, { bucket: "vehicles", replicas }), clock, log });
  await registry.load();
  const isRegistered = registry.isRegistered.bind(registry);
  const board: LinkBoard = new LinkBoard({ isRegistered, onPast: (news) => keeper.handleNews(news) });
  const documents = await openDocuments(nats, { bucket: "presence", replicas });
  const keeper = new PastKeeper({ documents, board: () => board, isRegistered, clock, log });
  await keeper.load();
  const counts = createCounts();
  listen(nats, { board, clock, log, counts });
  const fleet = new Fleet({ registry, board, clock });
  const store = openStoreReader(config.store);
  const app = createApp({ registry, fleet, store, guard, audit, clock, log, counts });
  const server = await serveApi({ service: "fleet", address: own.address }, app.fetch);
  const stopping = new AbortController();
  const working = Promise.all([keeper.run(stopping.signal), sweep(board, { clock, signal: stopping.signal })]);
  log.info("Fleet API listens", { address: own.address });
  return {
    detail: () => nats.isClosed() ? "NATS connection is closed" : "",
    metrics: () => Promise.resolve(fleetMetrics(counts, fleet.census())),
    stop: async () => {
      await server.shutdown();
      stopping.abort();
      await working;
      await Promise.all([nats.close(), store.close()]);
    },
  };
}

function listen(
  nats: NatsConnection,
  { board, clock, log, counts }: { board: LinkBoard; clock: Clock; log: Log; counts: FleetCounts },
): void {
  nats.subscribe(allPresenceSubject, {
    callback: (error, { subject, data }) => {
      if (error !== null) return log.error("NATS does not let the fleet service listen", { reason: error.message });
      const [, , relay, shard] = subject.split(".");
      try {
        board.handlePresence({ relay, shard: Number(shard) }, data, instantOf(clock));
      } catch (thrown) {
        counts.unreadable += 1;
        log.warn("Cannot read what a relay tells of links", { relay, reason: asFault(thrown).message });
      }
    },
  });
}

async function sweep(board: LinkBoard, { clock, signal }: { clock: Clock; signal: AbortSignal }): Promise<void> {
  while (!signal.aborted) {
    board.pollSweep(instantOf(clock));
    await clock.after(sweepIntervalMs, signal).catch(() => undefined);
  }
}

serveSupervisor(start);
