/** What the supervisor knows of its services, and the pages it shows of it. */
import { mergeMetrics, type MetricFamily, metricsText, samplesBy } from "#proto/base/metrics.ts";
import type { ServiceName } from "../config.ts";
import type { ServiceReport } from "./service_link.ts";
import { reportSilenceMaxMs } from "./service_link.ts";

/** One service as last heard of. Times are uptime in milliseconds. */
export interface ServiceState {
  readonly service: ServiceName;
  readonly startedAtMs: number;
  readonly heardAtMs: number;
  readonly restarts: number;
  /** Why the last run ended; empty when it never did. */
  readonly lastEnd: string;
  readonly report: ServiceReport | undefined;
}

/** Whether a running worker must be replaced because it says nothing any more. */
export function isHanging(state: ServiceState, nowMs: number): boolean {
  return nowMs - Math.max(state.heardAtMs, state.startedAtMs) > reportSilenceMaxMs;
}

/** The body of `/readyz`: ready when every service says so. */
export function readinessOf(states: readonly ServiceState[]): { ready: boolean; services: Record<string, unknown> } {
  const services = Object.fromEntries(states.map((state) => [state.service, {
    ready: state.report?.ready ?? false,
    detail: state.report?.detail ?? "has not reported yet",
    restarts: state.restarts,
    ...(state.lastEnd === "" ? {} : { last_end: state.lastEnd }),
  }]));
  return { ready: states.every((state) => state.report?.ready === true), services };
}

/** The body of `/metrics`: each service's own, and how often each was restarted. */
export function metricsOf(states: readonly ServiceState[]): string {
  const restarts: MetricFamily = {
    name: "cloud_service_restarts_total",
    type: "counter",
    help: "Times that a service was started again",
    samples: samplesBy("service", states.map(({ service, restarts }) => [service, restarts])),
  };
  return mergeMetrics([metricsText([restarts]), ...states.map(({ report }) => report?.metrics ?? "")]);
}
