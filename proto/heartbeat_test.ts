import { deepStrictEqual, ok, strictEqual, throws } from "node:assert/strict";
import fc from "fast-check";
import { Heartbeat, type HeartbeatStep } from "./heartbeat.ts";
import type { Instant } from "./instant.ts";
import { heartbeatIntervalMs, linkDeadMs, linkHeaderBytes } from "./limits.ts";
import { decodeMessage } from "./link_message.ts";

const startNs = 1_780_000_000_000_000_000n;

/** The vehicle's clocks, and the relay's that runs ahead by so much. */
function at(uptimeMs: number, aheadNs = 0n): Instant {
  return { uptimeMs, wallNs: startNs + BigInt(Math.round(uptimeMs * 1e6)) + aheadNs };
}

function pingOf(step: HeartbeatStep): Uint8Array {
  ok(step.kind === "send", `a ping is due, not ${step.kind}`);
  return step.bytes.subarray(linkHeaderBytes);
}

/** One exchange that begins at `sentMs` and takes `thereMs` and `backMs` on the way. */
function exchange(
  heartbeat: Heartbeat,
  trip: { sentMs: number; thereMs: number; backMs: number; aheadNs: bigint },
): void {
  const ping = pingOf(heartbeat.poll(at(trip.sentMs)));
  const peer = new Heartbeat(at(0));
  const pong = peer.handlePing(ping, at(trip.sentMs + trip.thereMs, trip.aheadNs));
  heartbeat.handlePong(pong.subarray(linkHeaderBytes), at(trip.sentMs + trip.thereMs + trip.backMs));
}

Deno.test("the first ping is due at once, the next after the interval", () => {
  const heartbeat = new Heartbeat(at(100));
  pingOf(heartbeat.poll(at(100)));
  deepStrictEqual(heartbeat.poll(at(101)), { kind: "wait", untilMs: 100 + heartbeatIntervalMs });
  pingOf(heartbeat.poll(at(100 + heartbeatIntervalMs)));
});

Deno.test("silence is death, anything heard is life", () => {
  const heartbeat = new Heartbeat(at(0));
  strictEqual(heartbeat.poll(at(linkDeadMs)).kind, "dead");
  heartbeat.handleBytes(at(linkDeadMs - 1));
  strictEqual(heartbeat.poll(at(linkDeadMs)).kind, "send");
  deepStrictEqual(new Heartbeat(at(0), { intervalMs: 60_000 }).poll(at(linkDeadMs)).kind, "dead");
  const slow = new Heartbeat(at(0), { intervalMs: 60_000, deadMs: 700 });
  slow.poll(at(0));
  deepStrictEqual(slow.poll(at(1)), { kind: "wait", untilMs: 700 });
});

Deno.test("an even way gives round trip and offset exactly", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 5000 }), fc.bigInt(-(10n ** 15n), 10n ** 15n), (oneWayMs, aheadNs) => {
      const heartbeat = new Heartbeat(at(0));
      exchange(heartbeat, { sentMs: 10, thereMs: oneWayMs, backMs: oneWayMs, aheadNs });
      strictEqual(heartbeat.rttMs, 2 * oneWayMs);
      strictEqual(heartbeat.clockOffsetNs, aheadNs);
    }),
  );
});

Deno.test("the offset comes from the quickest of the last eight", () => {
  const aheadNs = 2_000_000_000n;
  const heartbeat = new Heartbeat(at(0));
  exchange(heartbeat, { sentMs: 0, thereMs: 10, backMs: 10, aheadNs });
  for (let i = 1; i <= 7; i++) exchange(heartbeat, { sentMs: i * 5000, thereMs: 400, backMs: 20, aheadNs });
  strictEqual(heartbeat.clockOffsetNs, aheadNs);
  exchange(heartbeat, { sentMs: 40_000, thereMs: 400, backMs: 20, aheadNs });
  strictEqual(heartbeat.clockOffsetNs, aheadNs + 190_000_000n, "the quick one has aged out");
});

Deno.test("the round trip is smoothed", () => {
  const heartbeat = new Heartbeat(at(0));
  exchange(heartbeat, { sentMs: 0, thereMs: 50, backMs: 50, aheadNs: 0n });
  exchange(heartbeat, { sentMs: 5000, thereMs: 450, backMs: 450, aheadNs: 0n });
  strictEqual(heartbeat.rttMs, 200);
});

Deno.test("a pong counts once, and one that was never asked for not at all", () => {
  const heartbeat = new Heartbeat(at(0));
  const ping = pingOf(heartbeat.poll(at(0)));
  const pong = new Heartbeat(at(0)).handlePing(ping, at(5)).subarray(linkHeaderBytes);
  heartbeat.handlePong(pong, at(10));
  heartbeat.handlePong(pong, at(3000));
  strictEqual(heartbeat.rttMs, 10);
  const stranger = new Heartbeat(at(0));
  stranger.handlePong(pong, at(10));
  strictEqual(stranger.rttMs, undefined);
  strictEqual(stranger.clockOffsetNs, undefined);
});

Deno.test("a relay's ping says whether it is ready", () => {
  const relay = new Heartbeat(at(0));
  const vehicle = new Heartbeat(at(0));
  strictEqual(vehicle.peerReady, undefined);
  vehicle.handlePing(pingOf(relay.poll(at(0), { ready: true })), at(1));
  strictEqual(vehicle.peerReady, true);
  vehicle.handlePing(pingOf(relay.poll(at(heartbeatIntervalMs))), at(1));
  strictEqual(vehicle.peerReady, false);
});

Deno.test("what cannot be decoded is a fault with a code", () => {
  const heartbeat = new Heartbeat(at(0));
  throws(() => heartbeat.handlePing(new Uint8Array([0xff]), at(0)), { code: "bad_message" });
  throws(() => heartbeat.handlePong(new Uint8Array([0xff]), at(0)), { code: "bad_message" });
});

Deno.test("pings are numbered from 1", () => {
  const heartbeat = new Heartbeat(at(0), { intervalMs: 1 });
  const ids = [0, 1, 2].map((ms) => decodeMessage("ping", pingOf(heartbeat.poll(at(ms)))).id);
  deepStrictEqual(ids, [1n, 2n, 3n]);
});
