/** What a shard counts, as Prometheus text (exposition format 0.0.4), and the texts of several shards as one. */
import type { Code } from "#proto/errors.ts";
import type { Counters } from "./counters.ts";

/** What the process has used of the machine. */
export interface ProcessFacts {
  readonly cpuSeconds: number;
  readonly residentBytes: number;
}

/** A moment's figures of one shard. */
export interface RelayFacts {
  readonly counters: Counters;
  /** Refused logins by code. */
  readonly refused: ReadonlyMap<Code, number>;
  readonly isReady: boolean;
  readonly links: number;
  readonly halfOpen: number;
  readonly sessions: number;
  readonly heldBytes: number;
  readonly unanswered: number;
  readonly shapeBytes: number;
}

interface Family {
  readonly name: string;
  readonly type: "counter" | "gauge";
  readonly help: string;
  /** Values by the label that tells them apart; the empty label for a single one. */
  readonly values: readonly (readonly [label: string, value: number])[];
}

/** The figures of one shard, each labelled with its number. */
export function metricsText(facts: RelayFacts & ProcessFacts, shard: number): string {
  return [...gauges(facts), ...links(facts), ...telemetry(facts.counters), ...log(facts.counters)]
    .map((family) => familyText(family, shard))
    .join("");
}

/** Puts the texts of several shards together, so that each family stands in one piece. */
export function mergeMetrics(texts: readonly string[]): string {
  const families = new Map<string, { head: string[]; samples: string[] }>();
  let current = { head: [] as string[], samples: [] as string[] };
  for (const line of texts.flatMap((text) => text.split("\n")).filter((line) => line !== "")) {
    const name = /^# (?:HELP|TYPE) (\S+)/.exec(line)?.[1];
    if (name === undefined) {
      current.samples.push(line);
      continue;
    }
    current = families.get(name) ?? { head: [], samples: [] };
    families.set(name, current);
    if (!current.head.includes(line)) current.head.push(line);
  }
  return [...families.values()].flatMap(({ head, samples }) => [...head, ...samples, ""]).join("\n");
}

function gauges(facts: RelayFacts & ProcessFacts): Family[] {
  const gauge = (name: string, help: string, value: number): Family => single({ name, help, type: "gauge" }, value);
  return [
    gauge("ready", "Whether the shard can hand telemetry on", facts.isReady ? 1 : 0),
    gauge("links", "Open links, logged in or not", facts.links),
    gauge("links_half_open", "Links that have not logged in yet", facts.halfOpen),
    gauge("sessions", "Logged-in vehicles", facts.sessions),
    gauge("held_bytes", "Bytes read that the log has not confirmed", facts.heldBytes),
    gauge("bundles_unanswered", "Bundles that the log has not confirmed", facts.unanswered),
    gauge("shape_cache_bytes", "Definitions of shapes in memory", facts.shapeBytes),
    gauge("resident_bytes", "Memory of the process", facts.residentBytes),
    counter("cpu_seconds_total", "Processor time of the process", plain(facts.cpuSeconds)),
  ];
}

function links({ counters, refused }: RelayFacts): Family[] {
  return [
    counter("turned_away_total", "Links closed at the door, by bound", labelled("bound", counters.turnedAway)),
    counter("logins_refused_total", "Logins refused, by code", labelled("code", Object.fromEntries(refused))),
    counter("logins_total", "Logins", plain(counters.logins)),
    counter("superseded_total", "Sessions that a newer one took over", plain(counters.superseded)),
    counter("faults_total", "Sessions ended for a fault of the vehicle", plain(counters.faults)),
  ];
}

function telemetry(counters: Counters): Family[] {
  return [
    counter("read_bytes_total", "Bytes read on telemetry lanes", labelled("lane", counters.readBytes)),
    counter("batches_total", "Batches taken", labelled("lane", counters.batches)),
    counter("records_total", "Records in the batches taken", labelled("lane", counters.records)),
    counter("bundles_total", "Bundles published for the first time", labelled("lane", counters.bundles)),
    counter("bundle_bytes_total", "Bytes of these bundles", labelled("lane", counters.bundleBytes)),
    counter("lost_batches_total", "Batches that the log never took", plain(counters.lostBatches)),
  ];
}

function log(counters: Counters): Family[] {
  return [
    counter("placed_total", "Bundles that the log confirmed", plain(counters.placed)),
    counter("log_refusals_total", "Answers of the log that were no place", plain(counters.logRefusals)),
    counter("republished_total", "Bundles published again", plain(counters.republished)),
    counter("unpublished_total", "Publishes that had no connection", plain(counters.unpublished)),
    counter("verdict_notices_total", "Verdict notices heard", plain(counters.verdictNotices)),
    counter("ledger_asked_total", "Questions to owners of partitions", plain(counters.ledgerAsked)),
    counter("ledger_unanswered_total", "Questions without an answer", plain(counters.ledgerUnanswered)),
  ];
}

function counter(name: string, help: string, values: Family["values"]): Family {
  return { name, help, type: "counter", values };
}

function single(family: Omit<Family, "values">, value: number): Family {
  return { ...family, values: plain(value) };
}

function plain(value: number): Family["values"] {
  return [["", value]];
}

function labelled(label: string, values: Readonly<Record<string, number>>): Family["values"] {
  return Object.entries(values).map(([name, value]) => [`${label}="${name}"`, value] as const);
}

function familyText({ name, type, help, values }: Family, shard: number): string {
  const full = `systemscale_relay_${name}`;
  const samples = values.map(([label, value]) => {
    const labels = [`shard="${shard}"`, label].filter((text) => text !== "").join(",");
    return `${full}{${labels}} ${value}\n`;
  });
  return `# HELP ${full} ${help}\n# TYPE ${full} ${type}\n${samples.join("")}`;
}
