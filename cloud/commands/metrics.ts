/** The commands service's figures as Prometheus text. */
import { metricsText, samplesBy } from "#proto/base/metrics.ts";

/** What is counted, by whoever counts it. */
export interface CommandCounts {
  /** Answers by HTTP status. */
  readonly answers: Map<number, number>;
  /** Commands taken, by type. */
  readonly accepted: Map<string, number>;
  stops: number;
}

/** Begins to count. */
export function createCounts(): CommandCounts {
  return { answers: new Map(), accepted: new Map(), stops: 0 };
}

/** Counts one. */
export function count<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

/** Exposition text. `open`: commands without an outcome, by state. */
export function commandMetrics({ answers, accepted, stops }: CommandCounts, open: ReadonlyMap<string, number>): string {
  return metricsText([
    {
      name: "commands_answers_total",
      type: "counter",
      help: "Answers by HTTP status",
      samples: samplesBy("status", answers),
    },
    { name: "commands_accepted_total", type: "counter", help: "Commands taken", samples: samplesBy("type", accepted) },
    { name: "commands_stops_total", type: "counter", help: "Stops and releases sent", samples: [{ value: stops }] },
    {
      name: "commands_open",
      type: "gauge",
      help: "Commands without an outcome, by state",
      samples: samplesBy("state", open),
    },
  ]);
}
