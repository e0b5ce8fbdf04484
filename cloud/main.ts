/**
 * `systemscale-cloud`: one worker per service under a supervisor, in one process. In Kubernetes each pod runs it with
 * one service.
 */
import { type CloudConfig, parseCloudConfig, type ServiceName } from "./config.ts";
import { permissionsOf } from "./lib/permissions.ts";
import { metricsOf, readinessOf } from "./lib/service_board.ts";
import type { Notice, Order } from "./lib/service_link.ts";
import { type ServiceWorker, Supervised } from "./supervisor.ts";
import { metricsMediaType } from "#proto/base/metrics.ts";
import { asFault } from "#proto/errors.ts";
import { processClock } from "#proto/io/clock.ts";
import { type GuardedServer, guardSocket, serveGuarded } from "#proto/io/http_guard.ts";
import { makeLog } from "#proto/io/log.ts";

const entries: Readonly<Record<ServiceName, URL>> = {
  ingest: new URL("./ingest/worker.ts", import.meta.url),
  query: new URL("./query/worker.ts", import.meta.url),
  fleet: new URL("./fleet/worker.ts", import.meta.url),
  auth: new URL("./auth/worker.ts", import.meta.url),
  commands: new URL("./commands/worker.ts", import.meta.url),
  revocation: new URL("./revocation/worker.ts", import.meta.url),
};

function startWorker(service: ServiceName, config: CloudConfig): ServiceWorker {
  const permissions = { ...permissionsOf(service, config), env: false, ffi: false, run: false, sys: false };
  const worker = new Worker(entries[service], { type: "module", name: service, deno: { permissions } });
  return {
    send: (order: Order) => worker.postMessage(order),
    terminate: () => worker.terminate(),
    onNotice: (listener) => {
      worker.onmessage = (event: MessageEvent<Notice>) => listener(event.data);
    },
    onCrash: (listener) => {
      worker.onerror = (event) => {
        // Without this the error ends the whole process, and with it every other service.
        event.preventDefault();
        listener(event.message);
      };
    },
  };
}

async function main(): Promise<void> {
  const file = Deno.env.get("SYSTEMSCALE_CONFIG") ?? "/etc/systemscale/cloud.yaml";
  const config = parseCloudConfig(await Deno.readTextFile(file), file, Deno.hostname());
  const clock = processClock();
  const log = makeLog({ service: "cloud", ...config.log });
  const stopping = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) Deno.addSignalListener(signal, () => stopping.abort());

  const services = config.services.map((service) =>
    new Supervised(service, { config, startWorker, clock, log, signal: stopping.signal })
  );
  const pages = servePages(config.private_address, services);
  log.info("Cloud started", {
    services: config.services.join(","),
    store: config.store.kind,
    private: config.private_address,
  });
  if (config.store.kind === "sqlite") log.warn("Embedded store SQLite: for development, not for production");
  await Promise.all(services.map((service) => service.run()));
  await pages.shutdown();
}

function servePages(address: string, services: readonly Supervised[]): GuardedServer {
  const at = address.lastIndexOf(":");
  const port = Number(address.slice(at + 1));
  const hostname = address.slice(0, at).replace(/^\[(.*)\]$/, "$1");
  return serveGuarded({ hostname, port, socket: guardSocket("cloud", port) }, (request) => {
    const states = services.map((service) => service.state);
    switch (new URL(request.url).pathname) {
      case "/healthz":
        return new Response("ok");
      case "/readyz": {
        const readiness = readinessOf(states);
        return Response.json(readiness, { status: readiness.ready ? 200 : 503 });
      }
      case "/metrics":
        return new Response(metricsOf(states), { headers: { "content-type": metricsMediaType } });
      default:
        return new Response("not found", { status: 404 });
    }
  });
}

try {
  await main();
  Deno.exit(0);
} catch (error) {
  console.error(asFault(error).message);
  Deno.exit(1);
}
