/** What a shard counts, as Prometheus text. */
import type { CertificateStatus } from "#proto/base/credential_desk.ts";
import { type MetricFamily, type MetricSample, metricsText, samplesBy } from "#proto/base/metrics.ts";
import type { Code } from "#proto/errors.ts";
import type { Transport } from "#proto/ports.ts";
import type { Counters } from "./counters.ts";
import { standings } from "./crl_standing.ts";
import type { RevocationFacts } from "./revocation.ts";

/** What the process has used of the machine. */
export interface ProcessFacts {
  readonly cpuSeconds: number;
  readonly residentBytes: number;
}

/** The node's own certificate. */
export interface NodeFacts {
  readonly certificate: CertificateStatus;
}

/** A moment's figures of one shard. */
export interface RelayFacts {
  readonly counters: Counters;
  /** Refused logins by code. */
  readonly refused: ReadonlyMap<Code, number>;
  /** By issuer; empty when revocation is off. */
  readonly revocation: readonly RevocationFacts[];
  readonly isReady: boolean;
  readonly links: number;
  readonly halfOpen: number;
  /** Nodes, this one included, that vehicles may be sent to. */
  readonly readyNodes: number;
  readonly loginsWaiting: number;
  readonly sessions: number;
  /** Of these, by what their link runs on. */
  readonly sessionsByTransport: Readonly<Record<Transport, number>>;
  /** Sessions whose certificate ends within so many days. */
  readonly certificatesEnding: ReadonlyMap<number, number>;
  readonly heldBytes: number;
  readonly unanswered: number;
  readonly shapeBytes: number;
}

/** The figures of one shard, each labelled with its number. */
export function shardMetrics(facts: RelayFacts & ProcessFacts & NodeFacts, shard: number): string {
  const families = [
    ...gauges(facts),
    ...links(facts),
    ...certificates(facts),
    ...revocation(facts),
    ...telemetry(facts.counters),
    ...log(facts.counters),
    ...commands(facts.counters),
  ];
  return metricsText(families, { shard });
}

function gauges(facts: RelayFacts & ProcessFacts & NodeFacts): MetricFamily[] {
  return [
    gauge("ready", "Whether the shard takes logins and can hand telemetry on", plain(facts.isReady ? 1 : 0)),
    gauge("links", "Open links, logged in or not", plain(facts.links)),
    gauge("nodes_ready", "Nodes that vehicles may be sent to", plain(facts.readyNodes)),
    gauge("links_half_open", "Links that have not logged in yet", plain(facts.halfOpen)),
    gauge("logins_waiting", "Links that wait for their turn to log in", plain(facts.loginsWaiting)),
    gauge("sessions", "Logged-in vehicles", plain(facts.sessions)),
    gauge(
      "sessions_by_transport",
      "Logged-in vehicles, by what their link runs on: tcp is for networks that drop UDP",
      labelled("transport", facts.sessionsByTransport),
    ),
    gauge("held_bytes", "Bytes read that the log has not confirmed", plain(facts.heldBytes)),
    gauge("bundles_unanswered", "Bundles that the log has not confirmed", plain(facts.unanswered)),
    gauge("shape_cache_bytes", "Definitions of shapes in memory", plain(facts.shapeBytes)),
    gauge("resident_bytes", "Memory of the process", plain(facts.residentBytes)),
    counter("cpu_seconds_total", "Processor time of the process", plain(facts.cpuSeconds)),
  ];
}

function links({ counters, refused }: RelayFacts): MetricFamily[] {
  return [
    counter("turned_away_total", "Links closed at the door, by bound", labelled("bound", counters.turnedAway)),
    counter("logins_refused_total", "Logins refused, by code", labelled("code", Object.fromEntries(refused))),
    counter(
      "handshakes_failed_total",
      "Attempts to connect that came to nothing: broken off, too many at once, or above their rate",
      plain(counters.failedHandshakes),
    ),
    counter("links_ended_total", "Links that have ended, turned away ones too", plain(counters.ended)),
    counter("logins_total", "Logins", plain(counters.logins)),
    counter("superseded_total", "Sessions that a newer one took over", plain(counters.superseded)),
    counter("redirected_total", "Vehicles sent to another node", plain(counters.redirected)),
    counter("duplicate_identities_total", "Pairs of links of one vehicle, both alive", plain(counters.duplicates)),
    counter("proofs_refused_total", "Proofs of logins elsewhere that do not hold", plain(counters.proofsRefused)),
    counter("proofs_ignored_total", "Proofs that were too many or too large", plain(counters.proofsIgnored)),
    counter("faults_total", "Sessions ended for a fault of the vehicle", plain(counters.faults)),
  ];
}

function certificates({ certificate, certificatesEnding }: RelayFacts & NodeFacts): MetricFamily[] {
  return [
    gauge(
      "certificate_not_after_seconds",
      "End of the node's certificate, since 1970",
      plain(certificate.notAfterMs / 1000),
    ),
    gauge("certificate_days_left", "Days until that end, negative behind it", plain(certificate.daysLeft)),
    gauge(
      "certificate_fault",
      "Whether certificate and key on disk do not serve, and older ones are in use",
      plain(certificate.fault === undefined ? 0 : 1),
    ),
    gauge(
      "sessions_certificate_ending",
      "Logged-in vehicles whose certificate ends within so many days",
      samplesBy("days", certificatesEnding),
    ),
  ];
}

function revocation({ counters, revocation: lists }: RelayFacts): MetricFamily[] {
  const standingOf = ({ issuer, standing }: RevocationFacts) =>
    standings.map((one) => ({ labels: { issuer, standing: one }, value: one === standing ? 1 : 0 }));
  const fetchesOf = ({ issuer, fetches }: RevocationFacts) =>
    Array.from(fetches, ([result, value]) => ({ labels: { issuer, result }, value }));
  const perIssuer = (name: string, help: string, valueOf: (facts: RevocationFacts) => number) =>
    gauge(name, help, lists.map((facts) => ({ labels: { issuer: facts.issuer }, value: valueOf(facts) })));
  return [
    gauge("crl_standing", "What an issuer's list of revoked certificates is worth", lists.flatMap(standingOf)),
    perIssuer(
      "crl_stale_seconds",
      "For how long the list has been stale; +Inf without a list",
      (facts) => facts.staleSeconds,
    ),
    perIssuer("crl_revoked", "Certificates on the list", ({ revoked }) => revoked),
    perIssuer("crl_bytes", "Memory that the list takes", ({ bytes }) => bytes),
    counter("crl_fetches_total", "Fetches of lists, by result", lists.flatMap(fetchesOf)),
    counter("revocation_hints_total", "Hints that something was revoked", plain(counters.revocationHints)),
    counter("sessions_revoked_total", "Sessions ended because of revocation", labelled("code", counters.revoked)),
  ];
}

function telemetry(counters: Counters): MetricFamily[] {
  return [
    counter("read_bytes_total", "Bytes read on telemetry lanes", labelled("lane", counters.readBytes)),
    counter("batches_total", "Batches taken", labelled("lane", counters.batches)),
    counter("records_total", "Records in the batches taken", labelled("lane", counters.records)),
    counter("bundles_total", "Bundles published for the first time", labelled("lane", counters.bundles)),
    counter("bundle_bytes_total", "Bytes of these bundles", labelled("lane", counters.bundleBytes)),
    counter("lost_batches_total", "Batches that the log never took", plain(counters.lostBatches)),
  ];
}

function commands(counters: Counters): MetricFamily[] {
  return [
    counter("orders_total", "Commands and stops handed to vehicles", plain(counters.orders)),
    counter("orders_dropped_total", "Those that a vehicle could not be handed", plain(counters.droppedOrders)),
    counter("events_total", "Vehicles' words on their orders, handed on", plain(counters.events)),
    counter("events_dropped_total", "Those above a vehicle's rate", plain(counters.droppedEvents)),
  ];
}

function log(counters: Counters): MetricFamily[] {
  return [
    counter("placed_total", "Bundles that the log confirmed", plain(counters.placed)),
    counter("log_refusals_total", "Answers of the log that were no place", plain(counters.logRefusals)),
    counter("republished_total", "Bundles published again", plain(counters.republished)),
    counter("unpublished_total", "Publishes that had no connection", plain(counters.unpublished)),
    counter("verdict_notices_total", "Verdict notices heard", plain(counters.verdictNotices)),
    counter("ledger_asked_total", "Questions to owners of partitions", plain(counters.ledgerAsked)),
    counter("ledger_unanswered_total", "Questions without an answer", plain(counters.ledgerUnanswered)),
    counter("inventories_wanted_total", "Inventories wanted again by an owner", plain(counters.inventoriesWanted)),
  ];
}

function counter(name: string, help: string, samples: readonly MetricSample[]): MetricFamily {
  return { name: `systemscale_relay_${name}`, type: "counter", help, samples };
}

function gauge(name: string, help: string, samples: readonly MetricSample[]): MetricFamily {
  return { name: `systemscale_relay_${name}`, type: "gauge", help, samples };
}

function plain(value: number): MetricSample[] {
  return [{ value }];
}

function labelled(label: string, values: Readonly<Record<string, number>>): MetricSample[] {
  return samplesBy(label, Object.entries(values));
}
