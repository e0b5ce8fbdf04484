/** What ingest counts for its metrics. */

/** Counted since the start. */
export interface IngestCounters {
  batches: number;
  rows: number;
  repeated: number;
  quarantined: number;
  /** Batches that were not taken, for want of a proof that the relay carries the vehicle's session. */
  unproven: number;
  /** Records that vehicles were asked for again. */
  askedAgain: number;
  /** Messages that the log had lost before a take-over wanted them: at most so many. */
  missed: number;
}

/** A snapshot of the counters, and of what there is now. */
export interface IngestCounts extends Readonly<IngestCounters> {
  /** Batches that wait for a suspended table. */
  readonly waiting: number;
  /** Partitions that are owned. */
  readonly partitions: number;
}

/** Nothing was counted yet. */
export function newCounters(): IngestCounters {
  return { batches: 0, rows: 0, repeated: 0, quarantined: 0, unproven: 0, askedAgain: 0, missed: 0 };
}
