import { deepEqual, equal, ok } from "node:assert/strict";
import { RedirectReason } from "#proto/gen/systemscale/link/v1/login_pb.ts";
import { linkDeadMs } from "#proto/limits.ts";
import {
  linkedFleet,
  makeFleet,
  normal,
  sorted,
  take,
  unsettledRecords,
  uplinkParts,
  upTo,
} from "../testing/scripted_relay.ts";
import { Uplink } from "./uplink.ts";

Deno.test("a link cut amid batches loses nothing", async () => {
  const { fleet, relay, agent } = await linkedFleet();
  for (let i = 0; i < 20; i++) {
    await take({ fleet, agent }, 50);
    await fleet.clock.advance(13);
    if (i % 5 === 2) fleet.network.cut();
  }
  await fleet.clock.advance(60_000);
  deepEqual([...new Set(sorted(relay.seqs(normal)))], upTo(1000));
  ok(relay.logins > 1);
  equal(unsettledRecords(agent), 0);
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

Deno.test("a drained relay is left only when the next one has said welcome", async () => {
  const fleet = await makeFleet();
  const old = fleet.relay("n1.nodes.test");
  const agent = await fleet.agent();
  await fleet.clock.advance(1000);
  const fresh = fleet.relay("n2.nodes.test");
  await old.send("redirect", { node: "n2.nodes.test", port: 443, expiresAtMs: 0n, reason: RedirectReason.DRAIN });
  let sent = 0;
  for (let i = 0; i < 60; i++) {
    await take({ fleet, agent }, 1);
    sent += 1;
    await fleet.clock.advance(50);
    equal(agent.status().link.state, "linked");
  }
  const bySecond = fresh.batches[0].atMs;
  ok(old.batches.every((batch) => batch.atMs < bySecond + 10), "only one link sends at a time");
  equal(agent.status().link.relay, "n2.nodes.test");
  await fleet.clock.advance(5000);
  deepEqual(old.goodbyes, ["moved to another link"]);
  deepEqual(sorted([...old.seqs(normal), ...fresh.seqs(normal)]), upTo(sent));
  await fleet.clock.run(agent.stop());
});

Deno.test("a node that sends on to yet another one is followed at once, while the drained one still serves", async () => {
  const fleet = await makeFleet();
  const old = fleet.relay("n1.nodes.test");
  const agent = await fleet.agent();
  await fleet.clock.advance(1000);
  const shared = fleet.relay("n2.nodes.test");
  fleet.relay("n3.nodes.test");
  shared.manners.redirect = { node: "n3.nodes.test", port: 443, expiresAtMs: 0n };
  await old.send("redirect", { node: "n2.nodes.test", port: 443, expiresAtMs: 0n, reason: RedirectReason.DRAIN });
  await fleet.clock.advance(3000);
  equal(agent.status().link.relay, "n3.nodes.test");
  await fleet.clock.run(agent.stop());
});

Deno.test("a drained relay that knows no other node is left for another one of the configuration", async () => {
  const fleet = await makeFleet();
  const old = fleet.relay("relay-1.test");
  fleet.relay("relay-2.test");
  const agent = await fleet.agent();
  await fleet.clock.advance(1000);
  await old.send("redirect", { node: "", port: 0, expiresAtMs: 0n, reason: RedirectReason.DRAIN });
  for (let i = 0; i < 60; i++) {
    await fleet.clock.advance(50);
    equal(agent.status().link.state, "linked");
  }
  equal(agent.status().link.relay, "relay-2.test");
  await fleet.clock.run(agent.stop());
});

Deno.test("a drained relay is kept to its end where there is no other one", async () => {
  const { fleet, relay, agent } = await linkedFleet();
  await relay.send("redirect", { node: "", port: 0, expiresAtMs: 0n, reason: RedirectReason.DRAIN });
  await fleet.clock.advance(10_000);
  deepEqual([agent.status().link.state, relay.logins, relay.goodbyes], ["linked", 1, []]);
  await fleet.clock.run(agent.stop());
});

Deno.test("a relay that starts anew is left after a jitter and dialled again", async () => {
  const { fleet, relay, agent } = await linkedFleet();
  await relay.send("redirect", { node: "relay-1.test", port: 443, expiresAtMs: 0n, reason: RedirectReason.DRAIN });
  await fleet.clock.advance(4000);
  deepEqual([relay.goodbyes, relay.logins], [["relay starts anew"], 2]);
  equal(agent.status().link.state, "linked");
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

Deno.test("what was in flight when a link ended goes again", async () => {
  const { fleet, relay, agent } = await linkedFleet();
  relay.manners.receives = false;
  relay.manners.decides = false;
  await take({ fleet, agent }, 10);
  await fleet.clock.advance(100);
  relay.manners.receives = true;
  fleet.network.cut();
  await fleet.clock.advance(5000);
  deepEqual(relay.seqs(normal), [...upTo(10), ...upTo(10)]);
  await fleet.clock.run(agent.stop());
});

Deno.test("a stop ends dialling, waiting and serving alike", async () => {
  for (const reachable of [true, false]) {
    for (const atMs of [0, 7, 100, 5000]) {
      const fleet = await makeFleet();
      fleet.relay("relay-1.test");
      fleet.network.reachable = reachable;
      const parts = await uplinkParts(fleet);
      const uplink = new Uplink(parts);
      const running = uplink.run();
      await fleet.clock.advance(atMs);
      const beganMs = fleet.clock.uptimeMs();
      await fleet.clock.run(Promise.all([uplink.stop(), running]));
      ok(fleet.clock.uptimeMs() - beganMs < 50, `stopped ${atMs} ms after the start`);
      equal(uplink.status.state, "stopped");
      await parts.close();
    }
  }
});
