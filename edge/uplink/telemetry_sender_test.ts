import { deepEqual, equal, ok } from "node:assert/strict";
import { Fault } from "#proto/errors.ts";
import { linkedFleet, makeFleet, normal, sorted, take, unsettledRecords, upTo } from "../testing/scripted_relay.ts";

Deno.test("a shape is defined once per lane of a link", async () => {
  const { fleet, relay, agent } = await linkedFleet();
  for (let i = 0; i < 5; i++) {
    await take({ fleet, agent }, 1);
    await fleet.clock.advance(100);
  }
  const own = relay.shapeUses.filter((use) => use.lane === "live" && use.definition.byteLength > 0);
  equal(new Set(own.map((use) => use.hash.toHex())).size, own.length);
  await fleet.clock.run(agent.stop());
});

Deno.test("a backlog drains while live goes on without waiting behind it", async () => {
  const fleet = await makeFleet();
  const relay = fleet.relay("relay-1.test");
  relay.manners.windowBytes = 200_000;
  fleet.network.reachable = false;
  const agent = await fleet.agent();
  for (let i = 0; i < 10; i++) await take({ fleet, agent }, 2000);
  await fleet.clock.advance(5000);
  fleet.network.reachable = true;
  const liveDelaysMs: number[] = [];
  let last = 20_000;
  for (let i = 0; i < 200; i++) {
    await take({ fleet, agent }, 1);
    last += 1;
    const takenAtMs = fleet.clock.uptimeMs();
    await fleet.clock.advance(50);
    const batch = relay.batches.find((one) => one.header.last === last && one.lane === "live");
    if (batch !== undefined) liveDelaysMs.push(batch.atMs - takenAtMs);
  }
  await fleet.clock.advance(10_000);
  deepEqual(sorted(relay.seqs(normal)), upTo(last));
  ok(liveDelaysMs.length > 50, `${liveDelaysMs.length} live batches`);
  ok(Math.max(...liveDelaysMs) <= 40, `${Math.max(...liveDelaysMs)} ms`);
  equal(unsettledRecords(agent), 0);
  await fleet.clock.run(agent.stop());
});

Deno.test("a disk that cannot be read delays what lies on it and ends no link", async () => {
  const fleet = await makeFleet();
  const relay = fleet.relay("relay-1.test");
  fleet.network.reachable = false;
  const agent = await fleet.agent();
  await take({ fleet, agent }, 100);
  await fleet.clock.run(agent.stop());
  const again = await fleet.agent();
  fleet.disk.onCall = ({ verb }) => {
    if (verb === "read") throw new Fault("disk_failed", "Cannot read: by test");
  };
  fleet.network.reachable = true;
  await fleet.clock.advance(60_000);
  equal(relay.logins, 1);
  equal(unsettledRecords(again) >= 100, true);
  fleet.disk.onCall = () => {};
  await fleet.clock.advance(5000);
  deepEqual(sorted(relay.seqs(normal)), upTo(100));
  await fleet.clock.run(again.stop());
});

Deno.test("what the ring had to give up is not sent, and what is left is", async () => {
  const fleet = await makeFleet();
  const relay = fleet.relay("relay-1.test");
  fleet.network.reachable = false;
  fleet.ringBytesMax = 4 * 1024 * 1024;
  const agent = await fleet.agent();
  for (let i = 0; i < 70; i++) await take({ fleet, agent }, 2000);
  const [{ first, records }] = agent.status().unsettled.filter((line) => line.class === "normal");
  ok(first > 1, "the ring gave something up");
  fleet.network.reachable = true;
  await fleet.clock.advance(60_000);
  const seqs = sorted(relay.seqs(normal));
  deepEqual([seqs[0], seqs.length, seqs.at(-1)], [first, records, 140_000]);
  equal(unsettledRecords(agent), 0);
  await fleet.clock.run(agent.stop());
});
