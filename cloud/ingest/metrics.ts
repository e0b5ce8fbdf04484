/** Ingest's figures as Prometheus text; the README of `cloud/` says what to do with each. */
import { type MetricFamily, metricsText, samplesBy } from "#proto/base/metrics.ts";
import type { IngestCounts } from "./counters.ts";
import type { LedgerFigures } from "./fleet_figures.ts";

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
    key: "unproven",
    type: "counter",
    name: "ingest_unproven_batches_total",
    help: "Batches not taken, for want of a proof that the relay carries the vehicle's session",
  },
  {
    key: "askedAgain",
    type: "counter",
    name: "ingest_asked_again_records_total",
    help: "Records that vehicles were asked for again, because the ledger does not know their verdict",
  },
  { key: "waiting", type: "gauge", name: "ingest_waiting_batches", help: "Batches waiting for a suspended table" },
  { key: "partitions", type: "gauge", name: "ingest_partitions", help: "Partitions that this instance owns" },
  {
    key: "missed",
    type: "counter",
    name: "ingest_missed_messages_total",
    help: "Messages that the log had lost before a take-over wanted them, at most",
  },
] as const satisfies readonly { readonly key: keyof IngestCounts; readonly [member: string]: string }[];

/** Exposition text of the counts, and of what the ledgers of the partitions owned add up to. */
export function ingestMetrics(counts: IngestCounts, figures: LedgerFigures): string {
  return metricsText([
    ...families.map(({ key, ...family }) => ({ ...family, samples: [{ value: counts[key] }] })),
    ...ledgerFamilies(figures),
  ]);
}

function ledgerFamilies({ counts, vehicles, forks, oldestWaitingNs }: LedgerFigures): MetricFamily[] {
  const gauge = (name: string, help: string, value: number): MetricFamily => {
    return { name, type: "gauge", help, samples: [{ value }] };
  };
  return [
    gauge("ingest_ledger_expected_records", "Records that vehicles are known to have made durable", counts.expected),
    gauge("ingest_ledger_committed_records", "Of these, records that are stored", counts.stored),
    {
      name: "ingest_ledger_missing_records",
      type: "gauge",
      help: "Of these, records that are not stored, by cause",
      samples: samplesBy("cause", Object.entries(counts.missing)),
    },
    {
      name: "ingest_ledger_vehicles",
      type: "gauge",
      help: "Vehicles by state: all is stored, something is to come, or what is missing stays so",
      samples: samplesBy("state", Object.entries(vehicles)),
    },
    gauge("ingest_ledger_forks", "Epochs that more than one epoch goes on from", forks),
    gauge(
      "ingest_ledger_oldest_uncommitted_age_seconds",
      "How long the oldest range that is to come has been a vehicle's oldest; 0 when nothing is to come",
      Number(oldestWaitingNs) / 1e9,
    ),
  ];
}
