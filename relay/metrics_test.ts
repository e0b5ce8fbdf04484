import { match } from "node:assert/strict";
import { newCounters } from "./counters.ts";
import { shardMetrics } from "./metrics.ts";

function textOf(shard: number): string {
  const counters = newCounters();
  counters.batches.live = 7 + shard;
  return shardMetrics({
    counters,
    refused: new Map([["unknown_issuer", 3]]),
    isReady: true,
    links: 2,
    halfOpen: 1,
    sessions: 1,
    heldBytes: 10,
    unanswered: 1,
    shapeBytes: 0,
    cpuSeconds: 1.5,
    residentBytes: 2,
  }, shard);
}

Deno.test("figures carry their shard and what tells them apart", () => {
  const text = textOf(0);
  match(text, /^systemscale_relay_ready\{shard="0"\} 1$/m);
  match(text, /^systemscale_relay_batches_total\{shard="0",lane="live"\} 7$/m);
  match(text, /^systemscale_relay_logins_refused_total\{shard="0",code="unknown_issuer"\} 3$/m);
});
