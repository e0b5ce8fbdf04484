import { deepEqual, equal } from "node:assert/strict";
import type { Dialer } from "#proto/ports.ts";
import { makeFleet, uplinkParts } from "../testing/scripted_relay.ts";
import { connect } from "./connect.ts";

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

Deno.test("a dial that hangs is given up in time, and at once when the agent stops", async () => {
  const fleet = await makeFleet();
  fleet.relay("relay-1.test");
  const parts = await uplinkParts(fleet);
  const [target] = parts.targets.relays;
  const hanging: Dialer = {
    dial: (_target, signal) =>
      new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true })),
  };
  const stop = new AbortController();
  const attempt = { target, number: 1, identity: parts.identity(), signal: stop.signal };
  const late = await fleet.clock.run(
    connect({ ...parts, dialer: hanging, mayLeave: () => false, onMove: () => {} }, attempt),
  );
  deepEqual([late.kind, late.kind === "refused" && late.code], ["refused", "link_dead"]);
  const stopped = connect({ ...parts, dialer: hanging, mayLeave: () => false, onMove: () => {} }, attempt);
  const beganMs = fleet.clock.uptimeMs();
  stop.abort();
  equal((await fleet.clock.run(stopped)).kind, "refused");
  equal(fleet.clock.uptimeMs(), beganMs);
  await parts.close();
});
