/** The query service's figures as Prometheus text. */
import { metricsText, samplesBy } from "#proto/base/metrics.ts";

/** What is counted, by whoever counts it. */
export interface QueryCounts {
  /** Answers by HTTP status. */
  readonly answers: Map<number, number>;
  /** Rows given out. */
  rows: number;
}

/** Begins to count. */
export function createCounts(): QueryCounts {
  return { answers: new Map(), rows: 0 };
}

/** Exposition text of the counts. */
export function queryMetrics({ answers, rows }: QueryCounts): string {
  return metricsText([
    {
      name: "query_answers_total",
      type: "counter",
      help: "Answers by HTTP status",
      samples: samplesBy("status", answers),
    },
    { name: "query_rows_total", type: "counter", help: "Rows given out", samples: [{ value: rows }] },
  ]);
}
