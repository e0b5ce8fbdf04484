/** The query service's composition root: the store, read only, behind HTTP. */
import { bearerGuard } from "#proto/base/bearer.ts";
import { processClock } from "#proto/io/clock.ts";
import { makeLog } from "#proto/io/log.ts";
import type { CloudConfig } from "../config.ts";
import { openStoreReader } from "../lib/io/open_store.ts";
import { type RunningService, serveSupervisor } from "../lib/io/worker_side.ts";
import { createApp } from "./app.ts";
import { createCounts, queryMetrics } from "./metrics.ts";

async function start(config: CloudConfig): Promise<RunningService> {
  const log = makeLog({ service: "query", ...config.log });
  const guard = bearerGuard(await Deno.readTextFile(config.query.token_sha256_file));
  const store = openStoreReader(config.store);
  const counts = createCounts();
  const app = createApp({ store, guard, clock: processClock(), log, counts });
  const { address } = config.query;
  const at = address.lastIndexOf(":");
  const hostname = address.slice(0, at).replace(/^\[(.*)\]$/, "$1");
  const server = Deno.serve({ hostname, port: Number(address.slice(at + 1)), onListen: () => {} }, app.fetch);
  log.info("Query API listens", { address, store: config.store.kind });
  return {
    // A store that is away shows in `/readyz`; this worker itself is as ready as it can be.
    detail: () => "",
    metrics: () => Promise.resolve(queryMetrics(counts)),
    stop: async () => {
      await server.shutdown();
      await store.close();
    },
  };
}

serveSupervisor(start);
