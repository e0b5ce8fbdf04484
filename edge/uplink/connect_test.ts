import { equal } from "node:assert/strict";
import { makeFleet } from "../testing/scripted_relay.ts";

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
