import { deepEqual, equal } from "node:assert/strict";
import { encodeFrame, frameKinds } from "#proto/frame.ts";
import { linkFrameBytesMaxBeforeLogin } from "#proto/limits.ts";
import { eventRates } from "./limits.ts";
import { makeHouse } from "./testing/house.ts";

const bytes = new Uint8Array([1, 2, 3]);

Deno.test("an order reaches its vehicle on the command lane, a stop on the control lane as well, and nobody else", async () => {
  const house = await makeHouse();
  const [drone, rover] = [
    await house.dial(await house.issue("drone-001")),
    await house.dial(await house.issue("rover")),
  ];
  house.backbone.ears.order("drone-001", { bytes, isStop: false });
  house.backbone.ears.order("drone-001", { bytes: new Uint8Array([9]), isStop: true });
  house.backbone.ears.order("nobody", { bytes, isStop: true });
  await house.clock.advance(10);
  deepEqual(drone.orders, [bytes, new Uint8Array([9])]);
  deepEqual(drone.heard.filter(({ kind }) => kind === frameKinds.order).map(({ payload }) => payload), [
    new Uint8Array([9]),
  ]);
  deepEqual([rover.orders, house.relay.facts().counters.orders], [[], 2]);
  await house.relay.drain();
});

Deno.test("an order that no link takes is dropped and counted: one that is too large, or to a vehicle that does not read", async () => {
  const house = await makeHouse();
  const drone = await house.dial(await house.issue("drone-001"));
  house.backbone.ears.order("drone-001", { bytes: new Uint8Array(linkFrameBytesMaxBeforeLogin), isStop: false });
  equal(house.relay.facts().counters.droppedOrders, 1);
  drone.stopReading();
  for (let i = 0; i < 600; i++) house.backbone.ears.order("drone-001", { bytes: new Uint8Array(8_000), isStop: false });
  await house.clock.advance(10);
  equal(house.relay.facts().counters.droppedOrders > 100, true);
  equal(drone.end, undefined);
  await house.relay.drain();
});

Deno.test("a vehicle's words go on under its proven name, those above their rate do not", async () => {
  const house = await makeHouse();
  const drone = await house.dial(await house.issue("drone-001"));
  const event = encodeFrame(frameKinds.commandEvent, { lane: "command", payload: bytes });
  for (let i = 0; i < eventRates.burst + 10; i++) drone.write("command", event);
  await house.clock.advance(10);
  const said = house.backbone.announced.filter(({ subject }) => subject === "evt.v1.drone-001");
  equal(said.length, eventRates.burst);
  deepEqual(said[0].bytes, bytes);
  equal(house.relay.facts().counters.droppedEvents, 10);
  equal(drone.end, undefined);
  drone.write("command", encodeFrame(frameKinds.ping, { lane: "command" }));
  await house.clock.advance(10);
  equal(house.relay.facts().counters.faults, 1);
  await house.relay.drain();
});
