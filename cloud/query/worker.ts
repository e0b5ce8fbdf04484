/** The query service's composition root: the store, read only, behind HTTP, and what NATS tells when it is there. */
import type { NatsConnection } from "@nats-io/transport-node";
import type { MiddlewareHandler } from "hono";
import { asFault } from "#proto/errors.ts";
import { processClock } from "#proto/io/clock.ts";
import { makeLog } from "#proto/io/log.ts";
import { connectNats } from "#proto/io/nats.ts";
import type { Clock, Log } from "#proto/ports.ts";
import type { CloudConfig } from "../config.ts";
import { type AuthEnv } from "../lib/auth/guard.ts";
import { KeyRing } from "../lib/auth/key_ring.ts";
import { openDocuments } from "../lib/documents/io/kv_documents.ts";
import { keyBucket, openGuard, openTrail } from "../lib/io/access.ts";
import { openStoreReader } from "../lib/io/open_store.ts";
import { serveApi } from "../lib/io/serve_api.ts";
import { type RunningService, serveSupervisor } from "../lib/io/worker_side.ts";
import { RegistryCopy } from "../lib/vehicle_registry.ts";
import { createApp } from "./app.ts";
import { natsOwners } from "./io/nats_owners.ts";
import { createCounts, queryMetrics } from "./metrics.ts";

async function start(config: CloudConfig): Promise<RunningService> {
  const log = makeLog({ service: "query", ...config.log });
  const clock = processClock();
  const keys = new KeyRing(log);
  const vehicles = new RegistryCopy(log);
  const guard = await openGuard(config, { keys: config.query.nats && keys, clock });
  const store = openStoreReader(config.store);
  const counts = createCounts();
  const backbone = new Backbone(config, { keys, vehicles, clock, log });
  const owners = natsOwners(() => backbone.nats);
  const audit: MiddlewareHandler<AuthEnv> = (context, next) => backbone.trail(context, next);
  const app = createApp({ store, owners, vehicles, guard, audit, clock, log, counts });
  const { address } = config.query;
  const server = await serveApi({ service: "query", address }, app.fetch);
  log.info("Query API listens", { address, store: config.store.kind });
  return {
    // A store that is away shows in `/readyz`; this worker itself is as ready as it can be.
    detail: () => "",
    metrics: () => Promise.resolve(queryMetrics(counts)),
    stop: async () => {
      await server.shutdown();
      await backbone.close();
      await store.close();
    },
  };
}

/** What there is of NATS: nothing at first, and without an account. */
class Backbone {
  nats: NatsConnection | undefined;
  trail: MiddlewareHandler<AuthEnv> = (_context, next) => next();
  #isClosed = false;

  constructor(config: CloudConfig, parts: { keys: KeyRing; vehicles: RegistryCopy; clock: Clock; log: Log }) {
    this.#connect(config, parts).catch((thrown) => {
      // Keys and groups are not known then: the service starts anew.
      if (!this.#isClosed) throw thrown;
      parts.log.debug("Stopped before NATS was there", { reason: asFault(thrown).message });
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.nats?.close();
  }

  async #connect(
    { query: { nats: account }, nats: { servers, replicas }, instance }: CloudConfig,
    { keys, vehicles, clock, log }: { keys: KeyRing; vehicles: RegistryCopy; clock: Clock; log: Log },
  ): Promise<void> {
    if (account === undefined) return;
    const nats = await connectNats({ ...account, servers, name: `query ${instance}`, inboxPrefix: "_INBOX_query" });
    this.nats = nats;
    if (this.#isClosed) return await nats.close();
    await keys.load(await openDocuments(nats, { bucket: keyBucket, replicas }));
    await vehicles.load(await openDocuments(nats, { bucket: "vehicles", replicas }));
    this.trail = await openTrail(nats, { where: "query", replicas, clock, log });
  }
}

serveSupervisor(start);
