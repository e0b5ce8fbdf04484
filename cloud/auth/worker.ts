/** The auth service's composition root: keys and the audit log in JetStream, behind HTTP. */
import { processClock } from "#proto/io/clock.ts";
import { makeLog } from "#proto/io/log.ts";
import { connectNats } from "#proto/io/nats.ts";
import { systemRandom } from "#proto/io/random.ts";
import type { CloudConfig } from "../config.ts";
import { openAudit } from "../lib/audit/io/stream_audit.ts";
import { KeyRing } from "../lib/auth/key_ring.ts";
import { openDocuments } from "../lib/documents/io/kv_documents.ts";
import { keyBucket, openGuard, openTrail } from "../lib/io/access.ts";
import { serveApi } from "../lib/io/serve_api.ts";
import { type RunningService, serveSupervisor } from "../lib/io/worker_side.ts";
import { createApp } from "./app.ts";
import { ApiKeys } from "./keys.ts";
import { authMetrics } from "./metrics.ts";

async function start({ auth: own, nats: { servers, replicas }, ...config }: CloudConfig): Promise<RunningService> {
  if (own === undefined) throw new Error("the configuration has no auth, although the service is wanted");
  const log = makeLog({ service: "auth", ...config.log });
  const [clock, random] = [processClock(), systemRandom()];
  const inboxPrefix = "_INBOX_auth";
  const nats = await connectNats({ ...own.nats, servers, name: `auth ${config.instance}`, inboxPrefix });
  const documents = await openDocuments(nats, { bucket: keyBucket, replicas });
  const ring = new KeyRing(log);
  await ring.load(documents);
  const auditStore = await openAudit(nats, { replicas });
  const answers = new Map<number, number>();
  const app = createApp({
    keys: new ApiKeys({ documents, ring, clock, random }),
    auditStore,
    guard: await openGuard(config, { keys: ring, clock }),
    audit: await openTrail(nats, { where: "auth", replicas, clock, log }),
    ...{ log, answers },
  });
  const server = await serveApi({ service: "auth", address: own.address }, app.fetch);
  log.info("Auth API listens", { address: own.address });
  return {
    detail: () => nats.isClosed() ? "NATS connection is closed" : "",
    metrics: () => Promise.resolve(authMetrics(answers, ring.keys)),
    stop: async () => {
      await server.shutdown();
      await nats.close();
    },
  };
}

serveSupervisor(start);
