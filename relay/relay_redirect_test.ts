import { deepEqual, equal, ok } from "node:assert/strict";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { RedirectReason } from "#proto/gen/systemscale/link/v1/login_pb.ts";
import { NodeStateSchema } from "#proto/gen/systemscale/log/v1/presence_pb.ts";
import { encodeFrame, frameKinds } from "#proto/frame.ts";
import { leaveMs, nodeSilenceMs, nodeStateIntervalMs, redirectMs } from "./limits.ts";
import { type House, makeHouse } from "./testing/house.ts";
import type { TestVehicle } from "./testing/vehicle.ts";

const nodes = ["a.relay.test", "b.relay.test", "c.relay.test"];

/** Lets a relay hear of nodes as they tell of themselves. */
function tell(house: House, names: readonly string[], other: { ready?: boolean } = {}): void {
  for (const [at, node] of names.entries()) {
    const state = create(NodeStateSchema, { node, port: 4400 + at, ready: true, links: 1, linksMax: 100, ...other });
    house.backbone.ears.node({ relay: `relay-${node[0]}`, shard: "0" }, toBinary(NodeStateSchema, state));
  }
}

/** What a relay told of itself. */
function statesOf(house: House) {
  return house.backbone.announced.filter(({ subject }) => subject === "node.v1.relay-1.0")
    .map(({ bytes }) => fromBinary(NodeStateSchema, bytes));
}

Deno.test("a shared name sends each vehicle to a ready node, always to the same one, and logs nobody in", async () => {
  const house = await makeHouse({}, { isSharedName: true });
  tell(house, nodes);
  const sent = new Map<string, string>();
  for (const id of ["drone-001", "drone-002", "drone-003", "drone-004", "drone-005", "drone-006"]) {
    for (let again = 0; again < 2; again++) {
      const { outcome } = await house.dial(await house.issue(id));
      ok(outcome?.kind === "redirect", outcome?.kind);
      const { node, port, reason, expiresAtMs } = outcome.redirect;
      deepEqual([port, reason], [4400 + nodes.indexOf(node), RedirectReason.SHARED_NAME]);
      const forMs = Number(expiresAtMs - house.clock.wallNs() / 1_000_000n);
      ok(forMs > redirectMs - 1_000 && forMs <= redirectMs, String(forMs));
      equal(sent.get(id) ?? node, node);
      sent.set(id, node);
    }
  }
  ok(new Set(sent.values()).size > 1);
  const { counters, sessions, links, readyNodes } = house.relay.facts();
  deepEqual([counters.redirected, counters.logins, sessions, links, readyNodes], [12, 0, 0, 0, 3]);
  // It is no node itself.
  deepEqual([statesOf(house), house.relay.reasonAgainstReady()], [[], undefined]);
  await house.relay.drain();
});

Deno.test("a shared name without a ready node says so, and when to come again", async () => {
  const house = await makeHouse({}, { isSharedName: true });
  equal(house.relay.reasonAgainstReady(), "no node takes vehicles");
  const leaf = await house.issue("drone-001");
  for (const change of [() => {}, () => tell(house, nodes, { ready: false })]) {
    change();
    const { outcome } = await house.dial(leaf);
    ok(outcome?.kind === "refused");
    deepEqual([outcome.code, outcome.retryAfterMs > 0], ["not_ready", true]);
  }
  tell(house, nodes);
  equal((await house.dial(leaf)).outcome?.kind, "redirect");
  await house.clock.advance(nodeSilenceMs + 1);
  equal((await house.dial(leaf)).outcome?.kind, "refused");
  await house.relay.drain();
});

Deno.test("what is no Hello, or is for another name, is refused by a shared name as by a node", async () => {
  const house = await makeHouse({}, { isSharedName: true });
  tell(house, nodes);
  const leaf = await house.issue("drone-001");
  const { outcome } = await house.dial(leaf, { login: { node: "other.test" } });
  equal(outcome?.kind === "refused" && outcome.code, "wrong_node");
  const link = await house.dialSilently();
  await link.write("control", encodeFrame(frameKinds.hello, { lane: "control", payload: Uint8Array.of(1, 2, 3) }));
  equal((await house.clock.run(link.ended)).reason, "bad_hello");
  equal(house.relay.facts().counters.redirected, 0);
  await house.relay.drain();
});

Deno.test("a state that cannot be understood leaves what is known of the others", async () => {
  const house = await makeHouse({}, { isSharedName: true });
  tell(house, nodes);
  house.backbone.ears.node({ relay: "relay-a", shard: "0" }, Uint8Array.of(255, 255));
  house.backbone.ears.node({ relay: "..", shard: "x" }, new Uint8Array(0));
  equal(house.relay.facts().readyNodes, 3);
  await house.relay.drain();
});

Deno.test("a node tells every 2 s whether it takes vehicles and how many it has, and at once that it drains", async () => {
  const house = await makeHouse();
  await house.dial(await house.issue("drone-001"));
  await house.clock.advance(2 * nodeStateIntervalMs);
  const told = statesOf(house);
  equal(told.length >= 2, true);
  const { node, port, ready, links, linksMax } = told[told.length - 1];
  deepEqual([node, port, ready, links, linksMax], [house.node, 443, true, 1, 1000]);
  await house.relay.drain();
  equal(statesOf(house).at(-1)?.ready, false);
});

/** What a vehicle was told by a node that drains. */
function toldOnDrain(vehicle: TestVehicle): unknown[] {
  const [{ node, port, reason, expiresAtMs }] = vehicle.messages("redirect");
  return [node, port, reason, expiresAtMs];
}

Deno.test("a node that drains and knows no other one says so to its vehicles, and waits for nobody", async () => {
  const house = await makeHouse();
  const vehicle = await house.dial(await house.issue("drone-001"));
  // Its own word from before may come last.
  tell(house, [house.node]);
  await house.relay.drain();
  deepEqual(toldOnDrain(vehicle), ["", 0, RedirectReason.DRAIN, 0n]);
  deepEqual([vehicle.end?.reason, house.relay.facts().counters.redirected], ["draining", 0]);
});

Deno.test("a node that drains serves its vehicles until they are at the other one, and takes no others", async () => {
  const house = await makeHouse();
  const vehicle = await house.dial(await house.issue("drone-001"));
  tell(house, [house.node, "b.relay.test"]);
  const drained = house.relay.drain();
  await house.clock.advance(10);
  deepEqual(toldOnDrain(vehicle), ["b.relay.test", 4401, RedirectReason.DRAIN, 0n]);
  equal(statesOf(house).at(-1)?.ready, false);
  const late = await house.dial(await house.issue("drone-002"));
  equal(late.outcome?.kind === "refused" && late.outcome.code, "draining");

  await house.clock.advance(leaveMs / 2);
  vehicle.useShape("live");
  vehicle.sendBatch("live", { first: 1, last: 10 });
  await house.clock.advance(100);
  deepEqual([vehicle.messages("received").length, vehicle.end], [1, undefined]);
  vehicle.close();
  const leftAtMs = house.clock.uptimeMs();
  await house.clock.run(drained);
  ok(house.clock.uptimeMs() - leftAtMs < 100);
});

Deno.test("a vehicle that does not go to the other node is let go after a while", async () => {
  const house = await makeHouse();
  const vehicle = await house.dial(await house.issue("drone-001"));
  tell(house, ["b.relay.test"]);
  const [beganMs, drained] = [house.clock.uptimeMs(), house.relay.drain()];
  await house.clock.run(drained);
  ok(Math.abs(house.clock.uptimeMs() - beganMs - leaveMs) < 100);
  equal(vehicle.end?.reason, "draining");
});
