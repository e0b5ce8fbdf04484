import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { VirtualDisk } from "#proto/testing/disk.ts";
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
import { connect } from "./connect.ts";
import type { LinkSession } from "./link_session.ts";

Deno.test("what was received is not sent again after a new login while the ledger is silent", async () => {
  const { fleet, relay, agent } = await linkedFleet();
  relay.manners.decides = false;
  relay.manners.answersHeld = false;
  await take({ fleet, agent }, 10);
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
  await take({ fleet, agent }, 10);
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
  await take({ fleet, agent }, 5);
  await fleet.clock.advance(100);
  const { epoch } = agent.status();
  relay.manners.receives = true;
  relay.manners.decides = true;
  await relay.send("lost", { ranges: [{ epoch, class: normal, ranges: [{ first: 1n, last: 5n }] }] });
  await fleet.clock.advance(1000);
  deepEqual(relay.seqs(normal), [...upTo(5), ...upTo(5)]);
  await fleet.clock.run(agent.stop());
});

Deno.test("the cloud gets again what it asks for and the ring still holds, once, and a fresh verdict settles it", async () => {
  const { fleet, relay, agent } = await linkedFleet();
  await take({ fleet, agent }, 5);
  await fleet.clock.advance(100);
  const { epoch } = agent.status();
  relay.manners.decides = false;
  for (let time = 0; time < 3; time++) {
    await relay.send("resend", { ranges: [{ epoch, class: normal, ranges: [{ first: 2n, last: 5n }] }] });
    await fleet.clock.advance(time * 1000);
  }
  deepEqual(relay.seqs(normal), [1, 2, 3, 4, 5, 2, 3, 4, 5]);
  deepEqual([relay.batches.at(-1)?.lane, unsettledRecords(agent)], ["backfill", 4]);
  await relay.send("verdicts", { committed: [{ epoch, class: normal, ranges: [{ first: 2n, last: 5n }] }] });
  await fleet.clock.advance(100);
  equal(unsettledRecords(agent), 0);
  equal(relay.inventories.length, 1);
  await fleet.clock.run(agent.stop());
});

Deno.test("an inventory tells what is held with a verdict; one that is wanted, or shows what is gone, comes at once", async () => {
  const { fleet, relay, agent } = await linkedFleet();
  await take({ fleet, agent }, 5);
  await fleet.clock.advance(100);
  const { epoch } = agent.status();
  await relay.send("inventoryWanted", {});
  await fleet.clock.advance(100);
  const told = relay.inventories[1].settled.find((line) => line.class === normal);
  deepEqual([told?.epoch, told?.ranges[0].first, told?.ranges[0].last], [epoch, 1n, 5n]);
  await relay.send("resend", { ranges: [{ epoch, class: normal, ranges: [{ first: 4n, last: 99n }] }] });
  await fleet.clock.advance(1000);
  deepEqual(relay.seqs(normal), [1, 2, 3, 4, 5, 4, 5]);
  equal(relay.inventories.length, 3);
  await fleet.clock.run(agent.stop());
});

Deno.test("what was asked for again goes after a restart of the agent too, over a later epoch's link", async () => {
  const { fleet, relay, agent } = await linkedFleet();
  await take({ fleet, agent }, 5);
  await fleet.clock.advance(100);
  const { epoch } = agent.status();
  // The store was taken back to an older state, and the link ends before the repeat is in the log.
  fleet.decided.length = 0;
  Object.assign(relay.manners, { receives: false, decides: false });
  await relay.send("resend", { ranges: [{ epoch, class: normal, ranges: [{ first: 1n, last: 5n }] }] });
  await fleet.clock.advance(100);
  await fleet.clock.run(agent.stop());
  Object.assign(relay.manners, { receives: true, decides: true });
  const again = await fleet.agent();
  await fleet.clock.advance(10_000);
  deepEqual(relay.seqs(normal), [...upTo(5), ...upTo(5), ...upTo(5)]);
  equal(unsettledRecords(again), 0);
  await fleet.clock.run(again.stop());
});

Deno.test("an hour without ingest fills the log with no copies, whatever becomes of the link", async () => {
  const { fleet, relay, agent } = await linkedFleet();
  Object.assign(relay.manners, { decides: false, answersHeld: false });
  const minutes = 60;
  for (let minute = 0; minute < minutes; minute++) {
    await take({ fleet, agent }, 20);
    await fleet.clock.advance(30_000);
    if (minute % 7 === 0) fleet.network.cut();
    await fleet.clock.advance(30_000);
  }
  deepEqual(sorted(relay.seqs(normal)), upTo(20 * minutes));
  deepEqual([relay.logins > 5, unsettledRecords(agent) >= 20 * minutes], [true, true]);
  // Ingest is back, still before all of it: it works the log through and tells what it decided.
  for (const { header } of relay.batches) await relay.decide(header);
  await fleet.clock.advance(1000);
  deepEqual([relay.seqs(normal).length, unsettledRecords(agent)], [20 * minutes, 0]);
  await fleet.clock.run(agent.stop());
});

Deno.test("a verdict that was lost on its way is told again for a repeat", async () => {
  const { fleet, relay, agent } = await linkedFleet();
  relay.manners.decides = false;
  await take({ fleet, agent }, 10);
  await fleet.clock.advance(100);
  equal(unsettledRecords(agent), 10);
  relay.manners.decides = true;
  await relay.send("verdicts", { passed: { live: 99n, backfill: 99n } });
  await fleet.clock.advance(1000);
  deepEqual(relay.seqs(normal), [...upTo(10), ...upTo(10)]);
  equal(unsettledRecords(agent), 0);
  await fleet.clock.run(agent.stop());
});

Deno.test("what is only received is never freed: a full ring refuses, until there are verdicts", async () => {
  const fleet = await makeFleet();
  const relay = fleet.relay("relay-1.test");
  relay.manners.decides = false;
  const disk = new VirtualDisk(fleet.random);
  const agent = await fleet.agent({ ring: { disk, bytesMax: 4 * 1024 * 1024, whenFull: "refuse" } });
  let taken = 0;
  const post = async () => {
    await take({ fleet, agent }, 5_000);
    taken += 5_000;
    await fleet.clock.advance(1_000);
  };
  await rejects(async () => {
    while (taken < 1_000_000) await post();
  }, { code: "ring_full" });
  await fleet.clock.advance(10_000);
  const { ring, gone, backlog, unsettled } = agent.status();
  // Of the post that was refused a part may be durable.
  const held = unsettled.find((line) => line.class === "normal")?.records ?? 0;
  deepEqual([new Set(relay.seqs(normal)).size, backlog.records, held >= taken], [held, 0, true]);
  deepEqual([ring.bytesReclaimable, gone.lost], [0, 0]);
  for (const { header } of relay.batches) await relay.decide(header);
  await fleet.clock.advance(1_000);
  await post();
  await fleet.clock.run(agent.stop());
});

Deno.test("an epoch without a synchronised clock is sent only with the offset that the relay taught", async () => {
  const fleet = await makeFleet();
  const relay = fleet.relay("relay-1.test");
  relay.manners.aheadMs = 7_000;
  const agent = await fleet.agent({ clockSynchronized: () => false });
  await fleet.clock.advance(2000);
  await take({ fleet, agent }, 1);
  await fleet.clock.advance(200);
  const offsets = new Set(relay.batches.map((one) => one.header.clockOffsetNs));
  equal(offsets.size, 1);
  const [offset] = offsets;
  ok(offset > 6_990_000_000n && offset < 7_010_000_000n, `${offset}`);
  equal(agent.status().clockOffsetNs, offset);
  await fleet.clock.run(agent.stop());
});

/** A session that runs, and the relay's end of it. */
async function runningSession() {
  const fleet = await makeFleet();
  const relay = fleet.relay("relay-1.test");
  const parts = await uplinkParts(fleet);
  const [target] = parts.targets.relays;
  const attempt = { target, number: 1, identity: parts.identity(), signal: new AbortController().signal };
  const connected = await fleet.clock.run(connect({ ...parts, mayLeave: () => false, onMove: () => {} }, attempt));
  ok(connected.kind === "linked");
  const session: LinkSession = connected.session;
  return { fleet, relay, parts, session, over: session.run(connected.reading) };
}

Deno.test("a frame that does not belong behind the login ends the link with its code", async () => {
  const { fleet, relay, parts, session, over } = await runningSession();
  await relay.send("welcome", {});
  equal((await fleet.clock.run(over)).code, "unexpected_frame");
  equal(session.isOver, true);
  await parts.close();
});

Deno.test("bookkeeping that is no bookkeeping ends the link with its code", async () => {
  const { fleet, relay, parts, over } = await runningSession();
  await relay.send("verdicts", { committed: [{ epoch: 0n, class: 1, ranges: [] }] });
  equal((await fleet.clock.run(over)).code, "bad_message");
  await parts.close();
});

Deno.test("the largest frames are taken once the login is through", async () => {
  const { fleet, relay, parts, session, over } = await runningSession();
  const ranges = Array.from({ length: 4096 }, (_, i) => ({ first: BigInt(4 * i + 1), last: BigInt(4 * i + 2) }));
  await relay.send("verdicts", { committed: [{ epoch: 9n, class: 1, ranges }] });
  await fleet.clock.advance(20_000);
  equal(session.isOver, false);
  await session.close({ code: undefined, detail: "test ends" });
  await fleet.clock.run(over);
  await parts.close();
});

Deno.test("the relay's goodbye ends the session with its code", async () => {
  const { fleet, relay, parts, over } = await runningSession();
  await relay.send("goodbye", { code: "superseded", detail: "newer login" });
  deepEqual(await fleet.clock.run(over), { code: "superseded", detail: "newer login" });
  await parts.close();
});
