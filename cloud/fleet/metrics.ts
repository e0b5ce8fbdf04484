/** The fleet service's figures as Prometheus text. */
import { metricsText, samplesBy } from "#proto/base/metrics.ts";
import type { PresenceState } from "./presence.ts";

/** What is counted, by whoever counts it. */
export interface FleetCounts {
  /** Answers by HTTP status. */
  readonly answers: Map<number, number>;
  /** Words of relays that could not be read. */
  unreadable: number;
}

/** Begins to count. */
export function createCounts(): FleetCounts {
  return { answers: new Map(), unreadable: 0 };
}

/** Exposition text. `census`: vehicles by state. */
export function fleetMetrics({ answers, unreadable }: FleetCounts, census: ReadonlyMap<PresenceState, number>): string {
  return metricsText([
    {
      name: "fleet_answers_total",
      type: "counter",
      help: "Answers by HTTP status",
      samples: samplesBy("status", answers),
    },
    { name: "fleet_vehicles", type: "gauge", help: "Vehicles by presence", samples: samplesBy("state", census) },
    {
      name: "fleet_unreadable_presence_total",
      type: "counter",
      help: "Words of relays about links that could not be read",
      samples: [{ value: unreadable }],
    },
  ]);
}
