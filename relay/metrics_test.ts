import { match } from "node:assert/strict";
import { newCounters } from "./counters.ts";
import { shardMetrics } from "./metrics.ts";

function textOf(shard: number): string {
  const counters = newCounters();
  counters.batches.live = 7 + shard;
  return shardMetrics({
    counters,
    refused: new Map([["unknown_issuer", 3]]),
    revocation: [{
      issuer: "vehicles",
      standing: "grace",
      staleSeconds: 12.5,
      revoked: 3,
      bytes: 99,
      fetches: new Map([["bad_crl", 2]]),
    }, { issuer: "others", standing: "none", staleSeconds: Infinity, revoked: 0, bytes: 0, fetches: new Map() }],
    isReady: true,
    links: 2,
    loginsWaiting: 4,
    halfOpen: 1,
    readyNodes: 2,
    sessions: 1,
    sessionsByTransport: { quic: 0, tcp: 1, memory: 0 },
    certificatesEnding: new Map([[30, 2], [7, 1]]),
    certificate: { serial: "1f", notAfterMs: 1_790_000_000_000, daysLeft: 12.5, fault: undefined },
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
  match(text, /^systemscale_relay_sessions_by_transport\{shard="0",transport="tcp"\} 1$/m);
  match(text, /^systemscale_relay_logins_refused_total\{shard="0",code="unknown_issuer"\} 3$/m);
});

Deno.test("days are shown of the node's certificate, and how many vehicles' end soon", () => {
  const text = textOf(0);
  match(text, /^systemscale_relay_certificate_not_after_seconds\{shard="0"\} 1790000000$/m);
  match(text, /^systemscale_relay_certificate_days_left\{shard="0"\} 12.5$/m);
  match(text, /^systemscale_relay_certificate_fault\{shard="0"\} 0$/m);
  match(text, /^systemscale_relay_sessions_certificate_ending\{shard="0",days="7"\} 1$/m);
});

Deno.test("each issuer's list shows what it is worth", () => {
  const text = textOf(0);
  match(text, /^systemscale_relay_crl_standing\{shard="0",issuer="vehicles",standing="grace"\} 1$/m);
  match(text, /^systemscale_relay_crl_standing\{shard="0",issuer="vehicles",standing="fresh"\} 0$/m);
  match(text, /^systemscale_relay_crl_stale_seconds\{shard="0",issuer="others"\} \+Inf$/m);
  match(text, /^systemscale_relay_crl_fetches_total\{shard="0",issuer="vehicles",result="bad_crl"\} 2$/m);
  match(text, /^systemscale_relay_sessions_revoked_total\{shard="0",code="revocation_unknown"\} 0$/m);
});
