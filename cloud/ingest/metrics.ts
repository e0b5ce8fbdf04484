/** Ingest's figures as Prometheus text. */
import type { IngestCounts } from "./ingest.ts";

const help: Readonly<Record<keyof IngestCounts, { type: "counter" | "gauge"; name: string; text: string }>> = {
  batches: { type: "counter", name: "ingest_batches_total", text: "Batches taken from the log" },
  rows: { type: "counter", name: "ingest_rows_total", text: "Rows written for the first time" },
  repeated: { type: "counter", name: "ingest_repeated_batches_total", text: "Batches that repeated decided records" },
  quarantined: { type: "counter", name: "ingest_quarantined_batches_total", text: "Batches kept aside" },
  waiting: { type: "gauge", name: "ingest_waiting_batches", text: "Batches waiting for a suspended table" },
};

/** Exposition text of the counts. */
export function metricsText(counts: Readonly<IngestCounts>): string {
  return (Object.keys(help) as (keyof IngestCounts)[]).map((key) => {
    const { type, name, text } = help[key];
    return `# HELP ${name} ${text}\n# TYPE ${name} ${type}\n${name} ${counts[key]}\n`;
  }).join("");
}
