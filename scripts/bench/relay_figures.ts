/** What a relay's metrics say about one round of a bench. */

/** Totals at one moment, of shard 0. */
export interface RelayFigures {
  /** Records in batches taken on the live lane. */
  readonly records: number;
  readonly cpuSeconds: number;
  /** Bytes read that are not in the log yet. */
  readonly heldBytes: number;
  readonly residentBytes: number;
  readonly lostBatches: number;
}

/** Reads Prometheus text. What is not there is NaN, so that nothing is reported of it. */
export function figuresOf(text: string): RelayFigures {
  const valueOf = (name: string, labels = "") => {
    const sample = `systemscale_relay_${name}{shard="0"${labels}} `;
    const at = text.indexOf(sample);
    return at < 0 ? NaN : parseFloat(text.slice(at + sample.length));
  };
  return {
    records: valueOf("records_total", ',lane="live"'),
    cpuSeconds: valueOf("cpu_seconds_total"),
    heldBytes: valueOf("held_bytes"),
    residentBytes: valueOf("resident_bytes"),
    lostBatches: valueOf("lost_batches_total"),
  };
}

/** The figures, once so many records have come and are all in the log. */
export function onceInLog(figures: RelayFigures, records: number): RelayFigures | undefined {
  return figures.records >= records && figures.heldBytes === 0 ? figures : undefined;
}

/** One line about a round in which so many bytes were sent in so many seconds. */
export function roundLine(span: { before: RelayFigures; after: RelayFigures; bytes: number; seconds: number }): string {
  const { before, after, bytes, seconds } = span;
  const cpuSeconds = after.cpuSeconds - before.cpuSeconds;
  const millions = (count: number, digits: number) => (count / 1e6).toFixed(digits);
  return [
    `${seconds.toFixed(2)} s`,
    `${cpuSeconds.toFixed(2)} CPU-s`,
    `${millions((after.records - before.records) / cpuSeconds, 2)} M frames/CPU-s`,
    `${millions(bytes / cpuSeconds, 0)} MB/CPU-s`,
    `${millions(bytes / seconds, 0)} MB/s`,
    `${millions(after.residentBytes, 0)} MB resident`,
    `${after.lostBatches - before.lostBatches} batches lost`,
  ].join(", ");
}
