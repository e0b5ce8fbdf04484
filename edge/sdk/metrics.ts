/** What the agent counts, as Prometheus text. */
import { type MetricFamily, type MetricSample, metricsText } from "#proto/base/metrics.ts";
import type { AgentStatus } from "../agent_status.ts";

/** The body of `GET /metrics`; figures that are not known are left out. */
export function agentMetrics(status: AgentStatus): string {
  const { link, ring, backlog, gone, certificate, unsettled } = status;
  const waiting = unsettled.reduce((sum, { records }) => sum + records, 0);
  const families = [
    gauge("linked", "Whether the agent is logged in at a relay", link.state === "linked" ? 1 : 0),
    gauge("rtt_seconds", "Round trip to the relay", link.rttMs === undefined ? undefined : link.rttMs / 1000),
    gauge(
      "certificate_not_after_seconds",
      "End of the certificate that the next login uses, seconds since 1970",
      certificate && certificate.notAfterMs / 1000,
    ),
    gauge("certificate_days_left", "Days until that end, negative behind it", certificate?.daysLeft),
    gauge(
      "certificate_fault",
      "Whether the certificate and key on disk do not serve, and older ones are in use",
      certificate && (certificate.fault === undefined ? 0 : 1),
    ),
    gauge("ring_bytes_used", "Bytes of the ring's files", ring.bytesUsed),
    gauge("ring_bytes_max", "What the ring never passes", ring.bytesMax),
    gauge("ring_fill_ratio", "0 to 1: what cannot be given back without a loss", ring.fill),
    gauge("backlog_records", "Records on board that the relay has not received", backlog.records),
    gauge("unsettled_records", "Records on board without a verdict", waiting),
    counter("lost_records_total", "Records that were overwritten, damaged or never durable", gone.lost),
    counter("quarantined_records_total", "Records that the cloud put aside", gone.quarantined),
  ];
  return metricsText(families.filter(({ samples }) => samples.length > 0));
}

function gauge(name: string, help: string, value: number | undefined): MetricFamily {
  return { name: `systemscale_agent_${name}`, type: "gauge", help, samples: samplesOf(value) };
}

function counter(name: string, help: string, value: number): MetricFamily {
  return { name: `systemscale_agent_${name}`, type: "counter", help, samples: samplesOf(value) };
}

function samplesOf(value: number | undefined): MetricSample[] {
  return value === undefined ? [] : [{ value }];
}
