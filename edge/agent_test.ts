import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { classNumber } from "#proto/class.ts";
import { linkDeadMs } from "#proto/limits.ts";
import { stopMsMax } from "./limits.ts";
import { type Fleet, makeFleet, type ScriptedRelay, someFrames } from "./testing/scripted_relay.ts";
import type { Agent } from "./agent.ts";

const normal = classNumber("normal");

/** Numbers from 1. */
function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i + 1);
}

function sorted(seqs: readonly number[]): number[] {
  return seqs.toSorted((a, b) => a - b);
}

/** Records on board without a verdict. */
function unsettledRecords(agent: Agent): number {
  return agent.status().unsettled.reduce((sum, line) => sum + line.records, 0);
}

async function take(fleet: Fleet, agent: Agent, count: number): Promise<void> {
  await fleet.clock.run(agent.take("normal", someFrames(count, fleet.clock)));
}

/** A fleet with one relay, its agent linked. */
async function linkedFleet(): Promise<{ fleet: Fleet; relay: ScriptedRelay; agent: Agent }> {
  const fleet = await makeFleet();
  const relay = fleet.relay("relay-1.test");
  const agent = await fleet.agent();
  await fleet.clock.advance(1000);
  return { fleet, relay, agent };
}

Deno.test("frames go from the agent to the relay at once, and verdicts settle them", async () => {
  const { fleet, relay, agent } = await linkedFleet();
  equal(agent.status().link.state, "linked");
  equal(agent.status().link.relay, "relay-1.test");
  await take(fleet, agent, 3);
  await fleet.clock.advance(100);
  deepEqual(relay.seqs(normal), [1, 2, 3]);
  deepEqual(relay.batches.at(-1)?.records.map((record) => record.values), [[0], [1], [2]]);
  equal(unsettledRecords(agent), 0);
  const { window, lastAcks, link } = agent.status();
  equal(window.live.bytesUsed, 0);
  ok(lastAcks.receivedAtMs !== undefined && lastAcks.verdictAtMs !== undefined);
  equal(link.rttMs, 10);
  await fleet.clock.run(agent.stop());
});

Deno.test("a shape is defined once per lane of a link", async () => {
  const { fleet, relay, agent } = await linkedFleet();
  for (let i = 0; i < 5; i++) {
    await take(fleet, agent, 1);
    await fleet.clock.advance(100);
  }
  const own = relay.shapeUses.filter((use) => use.lane === "live" && use.definition.byteLength > 0);
  equal(new Set(own.map((use) => use.hash.toHex())).size, own.length);
  await fleet.clock.run(agent.stop());
});

Deno.test("what was posted without a link arrives after it comes up", async () => {
  const fleet = await makeFleet();
  const relay = fleet.relay("relay-1.test");
  fleet.network.reachable = false;
  const agent = await fleet.agent();
  await take(fleet, agent, 500);
  await fleet.clock.advance(60_000);
  equal(agent.status().link.state === "linked", false);
  equal(agent.status().link.reason, "link_dead");
  equal(agent.status().backlog.records, 501);
  fleet.network.reachable = true;
  await fleet.clock.advance(30_000);
  deepEqual(sorted(relay.seqs(normal)), upTo(500));
  equal(unsettledRecords(agent), 0);
  await fleet.clock.run(agent.stop());
});

Deno.test("a link cut amid batches loses nothing", async () => {
  const { fleet, relay, agent } = await linkedFleet();
  for (let i = 0; i < 20; i++) {
    await take(fleet, agent, 50);
    await fleet.clock.advance(13);
    if (i % 5 === 2) fleet.network.cut();
  }
  await fleet.clock.advance(60_000);
  deepEqual([...new Set(sorted(relay.seqs(normal)))], upTo(1000));
  ok(relay.logins > 1);
  equal(unsettledRecords(agent), 0);
  await fleet.clock.run(agent.stop());
});

Deno.test("what was received is not sent again after a new login while the ledger is silent", async () => {
  const { fleet, relay, agent } = await linkedFleet();
  relay.manners.decides = false;
  relay.manners.answersHeld = false;
  await take(fleet, agent, 10);
  await fleet.clock.advance(200);
  fleet.network.cut();
  await fleet.clock.advance(60_000);
  equal(relay.logins, 2);
  deepEqual(relay.seqs(normal), upTo(10));
  equal(unsettledRecords(agent), 10);
  await relay.send("held", { ledgerAnswered: true });
  await fleet.clock.advance(1000);
  deepEqual(relay.seqs(normal), [...upTo(10), ...upTo(10)]);
  await fleet.clock.run(agent.stop());
});

Deno.test("what the ledger already has is not sent again after a restart of the agent", async () => {
  const { fleet, relay, agent } = await linkedFleet();
  relay.manners.receives = false;
  relay.manners.decides = false;
  await take(fleet, agent, 10);
  await fleet.clock.advance(200);
  const [batch] = relay.batches.filter((one) => one.header.class === normal);
  await fleet.clock.run(agent.stop());
  // The verdict came when the vehicle was away.
  await relay.decide(batch.header);
  const again = await fleet.agent();
  await fleet.clock.advance(10_000);
  deepEqual(relay.seqs(normal), upTo(10));
  equal(relay.inventories.at(-1)?.onBoard.some((one) => one.class === normal && one.ranges[0].last === 10n), true);
  await fleet.clock.run(again.stop());
});

Deno.test("what the relay lost is sent again", async () => {
  const { fleet, relay, agent } = await linkedFleet();
  relay.manners.receives = false;
  relay.manners.decides = false;
  await take(fleet, agent, 5);
  await fleet.clock.advance(100);
  const { epoch } = agent.status();
  relay.manners.receives = true;
  relay.manners.decides = true;
  await relay.send("lost", { ranges: [{ epoch, class: normal, ranges: [{ first: 1n, last: 5n }] }] });
  await fleet.clock.advance(1000);
  deepEqual(relay.seqs(normal), [...upTo(5), ...upTo(5)]);
  await fleet.clock.run(agent.stop());
});

Deno.test("the cloud gets again what it asks for and the ring still holds", async () => {
  const { fleet, relay, agent } = await linkedFleet();
  await take(fleet, agent, 5);
  await fleet.clock.advance(100);
  const { epoch } = agent.status();
  await relay.send("resend", { ranges: [{ epoch, class: normal, ranges: [{ first: 2n, last: 99n }] }] });
  await fleet.clock.advance(1000);
  deepEqual(relay.seqs(normal), [1, 2, 3, 4, 5, 2, 3, 4, 5]);
  await fleet.clock.run(agent.stop());
});

Deno.test("a refused login waits as long as the relay asks, and says why", async () => {
  const fleet = await makeFleet();
  const relay = fleet.relay("relay-1.test");
  relay.manners.refuse = { code: "busy", retryAfterMs: 40_000 };
  const agent = await fleet.agent();
  await fleet.clock.advance(39_000);
  deepEqual([relay.dialledAtMs.length, agent.status().link.reason], [1, "busy"]);
  relay.manners.refuse = undefined;
  await fleet.clock.advance(45_000);
  equal(agent.status().link.state, "linked");
  await fleet.clock.run(agent.stop());
});

Deno.test("a relay that refuses is passed over for the next one", async () => {
  const fleet = await makeFleet();
  const first = fleet.relay("relay-1.test");
  const second = fleet.relay("relay-2.test");
  first.manners.refuse = { code: "certificate_revoked", retryAfterMs: 0 };
  const agent = await fleet.agent();
  await fleet.clock.advance(5000);
  equal(agent.status().link.relay, "relay-2.test");
  equal(second.logins, 1);
  await fleet.clock.run(agent.stop());
});

Deno.test("a relay that never answers the login is given up in time", async () => {
  const fleet = await makeFleet();
  const first = fleet.relay("relay-1.test");
  fleet.relay("relay-2.test");
  first.manners.silent = true;
  const agent = await fleet.agent();
  await fleet.clock.advance(20_000);
  equal(agent.status().link.relay, "relay-2.test");
  await fleet.clock.run(agent.stop());
});

Deno.test("a relay that falls silent is left for dead, and linked again when it speaks", async () => {
  const { fleet, relay, agent } = await linkedFleet();
  relay.manners.silent = true;
  await fleet.clock.advance(linkDeadMs + 1000);
  equal(agent.status().link.state === "linked", false);
  equal(agent.status().link.reason, "link_dead");
  relay.manners.silent = false;
  await fleet.clock.advance(60_000);
  equal(agent.status().link.state, "linked");
  await fleet.clock.run(agent.stop());
});

Deno.test("attempts without an answer come at growing, jittered distances and never stop", async () => {
  const fleet = await makeFleet();
  const relay = fleet.relay("relay-1.test");
  relay.manners.refuse = { code: "link_dead", retryAfterMs: 1 };
  const agent = await fleet.agent();
  await fleet.clock.advance(600_000);
  const attempts = relay.dialledAtMs.length;
  ok(attempts > 30 && attempts < 150, `${attempts} attempts in ten minutes`);
  await fleet.clock.run(agent.stop());
});

Deno.test("a login redirect is followed to a node below the relay's domain, and to no other", async () => {
  const fleet = await makeFleet();
  const shared = fleet.relay("relay.test");
  shared.manners.redirect = { node: "evil.example", port: 443 };
  const agent = await fleet.agent();
  const node = fleet.relay("n1.nodes.test");
  await fleet.clock.advance(5000);
  equal(agent.status().link.reason, "wrong_node");
  shared.manners.redirect = { node: "n1.nodes.test", port: 443, expiresAtMs: 0n };
  await fleet.clock.advance(60_000);
  equal(agent.status().link.relay, "n1.nodes.test");
  equal(node.logins, 1);
  await fleet.clock.run(agent.stop());
});

Deno.test("a drained relay is left only when the next one has said welcome", async () => {
  const fleet = await makeFleet();
  const old = fleet.relay("n1.nodes.test");
  const agent = await fleet.agent();
  await fleet.clock.advance(1000);
  const fresh = fleet.relay("n2.nodes.test");
  await old.send("redirect", { node: "n2.nodes.test", port: 443, expiresAtMs: 0n, reason: 2 });
  let sent = 0;
  for (let i = 0; i < 60; i++) {
    await take(fleet, agent, 1);
    sent += 1;
    await fleet.clock.advance(50);
    equal(agent.status().link.state, "linked");
  }
  equal(agent.status().link.relay, "n2.nodes.test");
  await fleet.clock.advance(5000);
  deepEqual(old.goodbyes, ["moved to another node"]);
  deepEqual(sorted([...old.seqs(normal), ...fresh.seqs(normal)]), upTo(sent));
  await fleet.clock.run(agent.stop());
});

Deno.test("a relay that cannot hand telemetry on is left when another one can, and kept when none can", async () => {
  const fleet = await makeFleet();
  const first = fleet.relay("relay-1.test");
  const second = fleet.relay("relay-2.test");
  first.manners.ready = false;
  second.manners.ready = false;
  const agent = await fleet.agent();
  await fleet.clock.advance(20_000);
  equal(agent.status().link.relay, "relay-1.test");
  second.manners.ready = true;
  await fleet.clock.advance(400_000);
  equal(agent.status().link.relay, "relay-2.test");
  equal(agent.status().link.ready, true);
  await fleet.clock.run(agent.stop());
});

Deno.test("a backlog drains while live goes on without waiting behind it", async () => {
  const fleet = await makeFleet();
  const relay = fleet.relay("relay-1.test");
  relay.manners.windowBytes = 200_000;
  fleet.network.reachable = false;
  const agent = await fleet.agent();
  for (let i = 0; i < 10; i++) await take(fleet, agent, 2000);
  await fleet.clock.advance(5000);
  fleet.network.reachable = true;
  const liveDelaysMs: number[] = [];
  let last = 20_000;
  for (let i = 0; i < 400; i++) {
    await take(fleet, agent, 1);
    last += 1;
    const takenAtMs = fleet.clock.uptimeMs();
    await fleet.clock.advance(50);
    const batch = relay.batches.find((one) => one.header.last === last && one.lane === "live");
    if (batch !== undefined) liveDelaysMs.push(batch.atMs - takenAtMs);
  }
  await fleet.clock.advance(10_000);
  deepEqual(sorted(relay.seqs(normal)), upTo(last));
  ok(liveDelaysMs.length > 100, `${liveDelaysMs.length} live batches`);
  ok(Math.max(...liveDelaysMs) <= 40, `${Math.max(...liveDelaysMs)} ms`);
  equal(unsettledRecords(agent), 0);
  await fleet.clock.run(agent.stop());
});

Deno.test("an epoch without a synchronised clock is sent only with the offset that the relay taught", async () => {
  const fleet = await makeFleet();
  const relay = fleet.relay("relay-1.test");
  relay.manners.aheadMs = 7_000;
  const agent = await fleet.agent({ clockSynchronized: () => false });
  await fleet.clock.advance(2000);
  await take(fleet, agent, 1);
  await fleet.clock.advance(200);
  const offsets = new Set(relay.batches.map((one) => one.header.clockOffsetNs));
  equal(offsets.size, 1);
  const [offset] = offsets;
  ok(offset > 6_990_000_000n && offset < 7_010_000_000n, `${offset}`);
  equal(agent.status().clockOffsetNs, offset);
  await fleet.clock.run(agent.stop());
});

Deno.test("a wall clock that is set opens a new epoch, and the cloud is told of it", async () => {
  const { fleet, relay, agent } = await linkedFleet();
  const { epoch } = agent.status();
  fleet.clock.stepWall(5_000_000_000n);
  await fleet.clock.advance(3000);
  equal(agent.status().epoch === epoch, false);
  equal(relay.inventories.length, 2);
  await take(fleet, agent, 1);
  await fleet.clock.advance(200);
  equal(relay.batches.at(-1)?.header.epoch, agent.status().epoch);
  await fleet.clock.run(agent.stop());
});

Deno.test("a stop flushes what was just taken, says goodbye, and refuses new frames", async () => {
  const { fleet, relay, agent } = await linkedFleet();
  await take(fleet, agent, 1);
  await take(fleet, agent, 40);
  const beganMs = fleet.clock.uptimeMs();
  const stopping = agent.stop();
  await rejects(agent.take("normal", someFrames(1, fleet.clock)), { code: "unavailable" });
  await fleet.clock.run(stopping);
  await fleet.clock.run(agent.ended);
  ok(fleet.clock.uptimeMs() - beganMs < 200, "nothing waits for a time-out");
  await fleet.clock.advance(100);
  deepEqual(sorted(relay.seqs(normal)), upTo(41));
  deepEqual(relay.goodbyes, ["agent stops"]);
  equal(agent.status().link.state, "stopped");
});

Deno.test("a stop ends in time although the relay takes nothing and the disk hangs", async () => {
  const { fleet, relay, agent } = await linkedFleet();
  relay.manners.receives = false;
  relay.manners.decides = false;
  await take(fleet, agent, 5);
  fleet.disk.onCall = () => new Promise(() => {});
  const beganMs = fleet.clock.uptimeMs();
  await fleet.clock.run(agent.stop());
  ok(fleet.clock.uptimeMs() - beganMs < stopMsMax);
});
