import { deepEqual, equal } from "node:assert/strict";
import { newCounters } from "#relay/counters.ts";
import { shardMetrics } from "#relay/metrics.ts";
import { figuresOf, onceInLog, roundLine } from "./relay_figures.ts";

function textOf(records: number, heldBytes: number): string {
  const counters = newCounters();
  counters.records.live = records;
  const gauges = {
    isReady: true,
    links: 1,
    halfOpen: 0,
    readyNodes: 1,
    loginsWaiting: 0,
    sessions: 1,
    sessionsByTransport: { quic: 1, tcp: 0, memory: 0 },
    unanswered: 0,
    shapeBytes: 0,
  };
  const used = { cpuSeconds: records / 1e6, residentBytes: 2e6 };
  const certificate = { serial: "1f", notAfterMs: 0, daysLeft: 0, fault: undefined };
  const empty = { refused: new Map(), revocation: [], certificatesEnding: new Map() };
  return shardMetrics({ counters, heldBytes, certificate, ...empty, ...gauges, ...used }, 0);
}

Deno.test("figures are read from a relay's own metrics", () => {
  const figures = figuresOf(textOf(5e6, 7));
  deepEqual(figures, { records: 5e6, cpuSeconds: 5, heldBytes: 7, residentBytes: 2e6, lostBatches: 0 });
  equal(onceInLog(figures, 5e6), undefined);
  const done = { ...figures, heldBytes: 0 };
  deepEqual([onceInLog(done, 5e6), onceInLog(done, 5e6 + 1)], [done, undefined]);
});

Deno.test("a round is told per processor second", () => {
  const [before, after] = [figuresOf(textOf(0, 0)), figuresOf(textOf(4e6, 0))];
  equal(
    roundLine({ before, after, bytes: 8e6, seconds: 2 }),
    "2.00 s, 4.00 CPU-s, 1.00 M frames/CPU-s, 2 MB/CPU-s, 4 MB/s, 2 MB resident, 0 batches lost",
  );
});
