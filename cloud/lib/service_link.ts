/** What the cloud's supervisor and a service's worker say to each other. */
import type { CloudConfig } from "../config.ts";

/** Supervisor -> worker, the first message. */
export interface StartOrder {
  readonly kind: "start";
  readonly config: CloudConfig;
}

/** Supervisor -> worker: finish what is under way and say `stopped`. */
export interface StopOrder {
  readonly kind: "stop";
}

/** Worker -> supervisor, every {@link reportIntervalMs}; its absence means that the worker hangs. */
export interface ServiceReport {
  readonly kind: "report";
  readonly ready: boolean;
  /** Why not ready; empty when ready. */
  readonly detail: string;
  /** Prometheus exposition text of the service. */
  readonly metrics: string;
}

/** Worker -> supervisor: nothing is under way any more. */
export interface StoppedNotice {
  readonly kind: "stopped";
}

/** All that a worker hears. */
export type Order = StartOrder | StopOrder;
/** All that a worker says. */
export type Notice = ServiceReport | StoppedNotice;

/** How often a worker reports. */
export const reportIntervalMs = 1_000;
/** A worker that has not reported for so long hangs, and is replaced. */
export const reportSilenceMaxMs = 15_000;
