/** The query service's figures as Prometheus text. */

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

/** Counts one answer. */
export function countAnswer({ answers }: QueryCounts, status: number): void {
  answers.set(status, (answers.get(status) ?? 0) + 1);
}

/** Exposition text of the counts. */
export function metricsText({ answers, rows }: QueryCounts): string {
  const lines = Array.from(answers, ([status, count]) => `query_answers_total{status="${status}"} ${count}`);
  return [
    "# HELP query_answers_total Answers by HTTP status",
    "# TYPE query_answers_total counter",
    ...lines,
    "# HELP query_rows_total Rows given out",
    "# TYPE query_rows_total counter",
    `query_rows_total ${rows}`,
    "",
  ].join("\n");
}
