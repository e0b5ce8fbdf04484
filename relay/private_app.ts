/**
 * What a node tells on its private port: is it alive, is it ready, what has it counted, whom has it refused. Served by
 * each shard for its supervisor, and by the supervisor for probes and scrapers.
 */
import { Hono } from "hono";
import { metricsMediaType } from "#proto/base/metrics.ts";
import { notFoundProblem, problemHandler, problemResponse } from "#proto/base/problem.ts";
import { Fault } from "#proto/errors.ts";
import type { Log } from "#proto/ports.ts";
import type { RefusalEntry } from "./refusals.ts";

/** Where the answers come from. */
export interface PrivateSources {
  /** Why the node is not ready; undefined when it is. */
  reasonAgainstReady(): Promise<string | undefined>;
  /** Prometheus text. */
  metrics(): Promise<string>;
  /** Refused logins by claimed vehicle and code, latest last. */
  refusals(): Promise<readonly RefusalEntry[]>;
}

/** Makes the app: GET /healthz, /readyz, /metrics, /refusals. */
export function createPrivateApp(sources: PrivateSources, log: Log): Hono {
  const app = new Hono();
  app.onError(problemHandler((fault) => log.error("Private request failed", { reason: String(fault.cause ?? fault) })));
  app.notFound(notFoundProblem);
  app.get("/healthz", (context) => context.text("ok"));
  app.get("/readyz", async (context) => {
    const reason = await sources.reasonAgainstReady();
    return reason === undefined ? context.text("ok") : problemResponse(new Fault("not_ready", reason));
  });
  app.get(
    "/metrics",
    async (context) => context.text(await sources.metrics(), 200, { "content-type": metricsMediaType }),
  );
  app.get("/refusals", async (context) => context.json({ refusals: await sources.refusals() }));
  return app;
}
