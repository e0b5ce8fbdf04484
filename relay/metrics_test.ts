import { deepEqual, equal, match } from "node:assert/strict";
import { newCounters } from "./counters.ts";
import { mergeMetrics, metricsText } from "./metrics.ts";

function textOf(shard: number): string {
  const counters = newCounters();
  counters.batches.live = 7 + shard;
  return metricsText({
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

Deno.test("the texts of several shards become one, each family in one piece", () => {
  const lines = mergeMetrics([textOf(0), textOf(1), "# HELP x y\n# TYPE x gauge\nx 1\n"]).split("\n");
  const types = lines.filter((line) => line.startsWith("# TYPE"));
  equal(new Set(types).size, types.length);
  const at = lines.indexOf('systemscale_relay_links{shard="0"} 2');
  equal(lines[at + 1], 'systemscale_relay_links{shard="1"} 2');
  deepEqual(lines.slice(-4), ["# HELP x y", "# TYPE x gauge", "x 1", ""]);
});
