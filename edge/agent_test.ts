import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { Fault } from "#proto/errors.ts";
import { VirtualDisk } from "#proto/testing/disk.ts";
import { stopMsMax } from "./limits.ts";
import {
  linkedFleet,
  makeFleet,
  normal,
  someFrames,
  sorted,
  take,
  unsettledRecords,
  upTo,
} from "./testing/scripted_relay.ts";

Deno.test("frames go from the agent to the relay at once, and verdicts settle them", async () => {
  const { fleet, relay, agent } = await linkedFleet();
  equal(agent.status().link.state, "linked");
  equal(agent.status().link.relay, "relay-1.test");
  await take({ fleet, agent }, 3);
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

Deno.test("what was posted without a link arrives after it comes up", async () => {
  const fleet = await makeFleet();
  const relay = fleet.relay("relay-1.test");
  fleet.network.reachable = false;
  const agent = await fleet.agent();
  await take({ fleet, agent }, 500);
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

Deno.test("a wall clock that is set opens a new epoch, and the cloud is told of it", async () => {
  const { fleet, relay, agent } = await linkedFleet();
  const { epoch } = agent.status();
  fleet.clock.stepWall(5_000_000_000n);
  await fleet.clock.advance(3000);
  equal(agent.status().epoch === epoch, false);
  equal(relay.inventories.length, 2);
  await take({ fleet, agent }, 1);
  await fleet.clock.advance(200);
  equal(relay.batches.at(-1)?.header.epoch, agent.status().epoch);
  await fleet.clock.run(agent.stop());
});

Deno.test("what was taken in 1970 gets its years although the clock was set before there was a link", async () => {
  const fleet = await makeFleet();
  const relay = fleet.relay("relay-1.test");
  fleet.network.reachable = false;
  const trueNs = fleet.clock.wallNs();
  fleet.clock.stepWall(-trueNs);
  let isRight = false;
  const agent = await fleet.agent({ clockSynchronized: () => isRight });
  const { epoch } = agent.status();
  await take({ fleet, agent }, 3);
  await fleet.clock.advance(30_000);
  fleet.clock.stepWall(trueNs);
  isRight = true;
  await fleet.clock.advance(3_000);
  fleet.network.reachable = true;
  await fleet.clock.advance(60_000);
  const batch = relay.batches.find(({ header }) => header.epoch === epoch && header.class === normal);
  ok(batch !== undefined && agent.status().epoch !== epoch);
  equal(batch.header.clockOffsetNs / 1_000_000_000n, trueNs / 1_000_000_000n);
  await fleet.clock.run(agent.stop());
});

Deno.test("what the cloud puts aside is settled, and counted once", async () => {
  const { fleet, relay, agent } = await linkedFleet();
  relay.manners.decides = false;
  await take({ fleet, agent }, 10);
  await fleet.clock.advance(200);
  const verdicts = { quarantined: [{ epoch: agent.status().epoch, class: normal, ranges: [{ first: 3n, last: 6n }] }] };
  for (let time = 0; time < 2; time++) {
    await relay.send("verdicts", verdicts);
    await fleet.clock.advance(200);
    deepEqual(agent.status().gone, { lost: 0, quarantined: 4 });
    equal(unsettledRecords(agent), 6);
  }
  await fleet.clock.run(agent.stop());
});

Deno.test("what a full ring gives up without a verdict is counted", async () => {
  const fleet = await makeFleet();
  fleet.relay("relay-1.test");
  fleet.network.reachable = false;
  const agent = await fleet.agent();
  let taken = 0;
  while (agent.status().gone.lost === 0 && taken < 1_000_000) {
    await take({ fleet, agent }, 5_000);
    taken += 5_000;
  }
  const { gone, unsettled } = agent.status();
  const held = unsettled.find((one) => one.class === "normal")?.records ?? 0;
  deepEqual(gone, { lost: taken - held, quarantined: 0 });
  await fleet.clock.run(agent.stop());
});

Deno.test("a disk that fails at the start is waited for, and a time that broke meanwhile still gets its epoch", async () => {
  const fleet = await makeFleet();
  fleet.relay("relay-1.test");
  const disk = new VirtualDisk(fleet.random);
  const fails = ({ verb }: { verb: string }) => {
    throw new Fault("disk_failed", `Cannot ${verb}: EIO`);
  };
  disk.onCall = fails;
  void fleet.clock.after(10_000).then(() => disk.onCall = () => {});
  const agent = await fleet.agent({ ring: { disk, bytesMax: fleet.ringBytesMax, whenFull: "overwrite" } });
  const { epoch } = agent.status();
  disk.onCall = (call) => fleet.clock.after(200).then(() => fails(call));
  equal((await fleet.clock.run(agent.take("normal", someFrames(1, fleet.clock)))).state, "buffered");
  fleet.clock.stepWall(5_000_000_000n);
  await fleet.clock.advance(5_000);
  equal(agent.status().epoch, epoch);
  equal(agent.status().ring.fault?.code, "disk_failed");
  disk.onCall = () => {};
  await fleet.clock.advance(4_000);
  equal(agent.status().epoch === epoch, false);
  equal(agent.status().ring.fault, undefined);
  await fleet.clock.run(agent.stop());
});

Deno.test("a stop flushes what was just taken, says goodbye, and refuses new frames", async () => {
  const { fleet, relay, agent } = await linkedFleet();
  await take({ fleet, agent }, 1);
  await take({ fleet, agent }, 40);
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
  await take({ fleet, agent }, 5);
  fleet.disk.onCall = () => new Promise(() => {});
  const beganMs = fleet.clock.uptimeMs();
  await fleet.clock.run(agent.stop());
  ok(fleet.clock.uptimeMs() - beganMs < stopMsMax);
});
