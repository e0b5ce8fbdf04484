/** The composition root of the watch over revocations: lists in, hints out. */
import { processClock } from "#proto/io/clock.ts";
import { crlSource } from "#proto/io/crl_source.ts";
import { makeLog } from "#proto/io/log.ts";
import { connectNats } from "#proto/io/nats.ts";
import { revokedSubject } from "#proto/subjects.ts";
import type { CloudConfig } from "../config.ts";
import { type RunningService, serveSupervisor } from "../lib/io/worker_side.ts";
import { CrlWatch } from "./crl_watch.ts";
import { revocationMetrics } from "./metrics.ts";

async function start({ revocation, nats: { servers }, instance, log }: CloudConfig): Promise<RunningService> {
  if (revocation === undefined) throw new Error("the configuration has no revocation, although the service is wanted");
  const name = `revocation ${instance}`;
  const nats = await connectNats({ ...revocation.nats, servers, name, inboxPrefix: "_INBOX_revocation" });
  const watch = new CrlWatch({
    lists: revocation.crls.map((url) => ({ name: url, source: crlSource({ url }) })),
    pollMs: revocation.poll_ms,
    hint: () => nats.publish(revokedSubject),
    clock: processClock(),
    log: makeLog({ service: "revocation", ...log }),
  });
  const stopping = new AbortController();
  const watching = watch.run(stopping.signal);
  return {
    // An authority that is away shows in the metrics and in the log: other instances would not reach it either.
    detail: () => nats.isClosed() ? "NATS connection is closed" : "",
    metrics: () => Promise.resolve(revocationMetrics(watch)),
    stop: async () => {
      stopping.abort();
      await watching;
      await nats.close();
    },
  };
}

serveSupervisor(start);
