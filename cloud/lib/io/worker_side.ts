/** The worker's side of the supervisor's protocol: start when told, report every second, stop when told. */
import type { CloudConfig } from "../../config.ts";
import { type Notice, type Order, reportIntervalMs } from "../service_link.ts";

/** A service that runs. */
export interface RunningService {
  /** Why it is not ready; empty when it is. */
  detail(): string;
  /** Prometheus exposition text. */
  metrics(): Promise<string>;
  /** Finishes what is under way. */
  stop(): Promise<void>;
}

/** Runs a service in this worker. An exception while starting or running crashes the worker, which its parent sees. */
export function serveSupervisor(start: (config: CloudConfig) => Promise<RunningService>): void {
  // Workers see `self`; the window types that this project is checked with do not know `postMessage` of one argument.
  const scope = globalThis as unknown as {
    postMessage(notice: Notice): void;
    onmessage: (event: MessageEvent<Order>) => void;
  };
  let running: Promise<RunningService> | undefined;

  async function report(service: RunningService): Promise<void> {
    const detail = service.detail();
    scope.postMessage({ kind: "report", ready: detail === "", detail, metrics: await service.metrics() });
  }

  async function run(config: CloudConfig): Promise<void> {
    running = start(config);
    const service = await running;
    await report(service);
    setInterval(() => report(service), reportIntervalMs);
  }

  async function stop(): Promise<void> {
    await (await running)?.stop();
    scope.postMessage({ kind: "stopped" });
  }

  scope.onmessage = ({ data }) => {
    // A rejection is left unhandled on purpose: it crashes the worker and the supervisor starts it again.
    if (data.kind === "start") run(data.config);
    else stop();
  };
}
