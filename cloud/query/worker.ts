/** The query service's composition root: the store, read only, behind HTTP, and the way to the owners of partitions. */
import { bearerGuard } from "#proto/base/bearer.ts";
import { processClock } from "#proto/io/clock.ts";
import { makeLog } from "#proto/io/log.ts";
import type { CloudConfig } from "../config.ts";
import { openStoreReader } from "../lib/io/open_store.ts";
import { serveApi } from "../lib/io/serve_api.ts";
import { type RunningService, serveSupervisor } from "../lib/io/worker_side.ts";
import { createApp } from "./app.ts";
import { type NatsOwners, natsOwners, noOwners } from "./io/nats_owners.ts";
import { createCounts, queryMetrics } from "./metrics.ts";

async function start(config: CloudConfig): Promise<RunningService> {
  const log = makeLog({ service: "query", ...config.log });
  const guard = bearerGuard(await Deno.readTextFile(config.query.token_sha256_file));
  const store = openStoreReader(config.store);
  const counts = createCounts();
  const owners = ownersOf(config);
  const app = createApp({ store, owners, guard, clock: processClock(), log, counts });
  const { address } = config.query;
  const server = serveApi({ service: "query", address }, app.fetch);
  log.info("Query API listens", { address, store: config.store.kind });
  return {
    // A store that is away shows in `/readyz`; this worker itself is as ready as it can be.
    detail: () => "",
    metrics: () => Promise.resolve(queryMetrics(counts)),
    stop: async () => {
      await server.shutdown();
      await owners.close();
      await store.close();
    },
  };
}

function ownersOf({ nats: { servers }, query: { nats: account }, instance }: CloudConfig): NatsOwners {
  if (account === undefined) return noOwners;
  return natsOwners({ ...account, servers, name: `query ${instance}`, inboxPrefix: "_INBOX_query" });
}

serveSupervisor(start);
