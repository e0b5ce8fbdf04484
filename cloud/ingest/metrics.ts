/** Ingest's figures as Prometheus text. */
import { metricsText } from "#proto/base/metrics.ts";
import type { IngestCounts } from "./ingest.ts";

const families = [
  { key: "batches", type: "counter", name: "ingest_batches_total", help: "Batches taken from the log" },
  { key: "rows", type: "counter", name: "ingest_rows_total", help: "Rows written for the first time" },
  {
    key: "repeated",
    type: "counter",
    name: "ingest_repeated_batches_total",
    help: "Batches that repeated decided records",
  },
  { key: "quarantined", type: "counter", name: "ingest_quarantined_batches_total", help: "Batches kept aside" },
  {
    key: "askedAgain",
    type: "counter",
    name: "ingest_asked_again_records_total",
    help: "Records that vehicles were asked for again, because the ledger does not know their verdict",
  },
  { key: "waiting", type: "gauge", name: "ingest_waiting_batches", help: "Batches waiting for a suspended table" },
] as const satisfies readonly { readonly key: keyof IngestCounts; readonly [member: string]: string }[];

/** Exposition text of the counts. */
export function ingestMetrics(counts: Readonly<IngestCounts>): string {
  return metricsText(families.map(({ key, ...family }) => ({ ...family, samples: [{ value: counts[key] }] })));
}
