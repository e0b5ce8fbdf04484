import { deepEqual, equal, ok } from "node:assert/strict";
import {
  linkedFleet,
  makeFleet,
  normal,
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

Deno.test("the cloud gets again what it asks for and the ring still holds", async () => {
  const { fleet, relay, agent } = await linkedFleet();
  await take({ fleet, agent }, 5);
  await fleet.clock.advance(100);
  const { epoch } = agent.status();
  await relay.send("resend", { ranges: [{ epoch, class: normal, ranges: [{ first: 2n, last: 99n }] }] });
  await fleet.clock.advance(1000);
  deepEqual(relay.seqs(normal), [1, 2, 3, 4, 5, 2, 3, 4, 5]);
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
  const attempt = { target, number: 1, signal: new AbortController().signal };
  const connected = await fleet.clock.run(connect({ ...parts, mayLeave: () => false }, attempt));
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
