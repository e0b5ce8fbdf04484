/** A link that is left for a renewed certificate, in virtual time: the new one first, nothing twice, nothing lost. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { credentialPollMs, credentialSettleMs } from "#proto/limits.ts";
import { handOverMs, moveRetryMs, quietWaitMs } from "../limits.ts";
import { normal, renewableFleet, sorted, take, unsettledRecords, upTo } from "../testing/scripted_relay.ts";

type Stage = Awaited<ReturnType<typeof renewableFleet>>;

/** Posts a frame every so often for a while; the agent must be linked all the time. */
async function post({ fleet, agent }: Stage, { everyMs, count }: { everyMs: number; count: number }): Promise<number> {
  for (let i = 0; i < count; i++) {
    await take({ fleet, agent }, 1);
    await fleet.clock.advance(everyMs);
    equal(agent.status().link.state, "linked");
  }
  return count;
}

/** Serial of a pair's certificate. */
const serialOf = ({ credentials }: Stage["first"]) => credentials.leaf.serial;

Deno.test("a new certificate moves the link by itself, and every frame goes once", async () => {
  const stage = await renewableFleet();
  const { fleet, relay, agent, disk, issue, first } = stage;
  let sent = await post(stage, { everyMs: 50, count: 20 });
  const fresh = await issue();
  disk.files = fresh.files;
  sent += await post(stage, { everyMs: 50, count: 2 * credentialPollMs / 50 });
  deepEqual(relay.serials, [serialOf(first), serialOf(fresh)]);
  equal(agent.status().certificate?.serial, serialOf(fresh));
  sent += await post(stage, { everyMs: 50, count: 20 });
  await fleet.clock.advance(10_000);
  deepEqual(sorted(relay.seqs(normal)), upTo(sent));
  deepEqual([relay.logins, unsettledRecords(agent)], [2, 0]);
  await fleet.clock.run(agent.stop());
});

Deno.test("a vehicle that always sends is moved all the same, and still every frame goes once", async () => {
  const stage = await renewableFleet();
  const { fleet, relay, agent, disk, issue } = stage;
  fleet.network.conditions.delayMs = { min: 60, max: 60 };
  disk.files = (await issue()).files;
  const lastingMs = 2 * credentialPollMs + quietWaitMs;
  let sent = await post(stage, { everyMs: 40, count: 0.9 * lastingMs / 40 });
  equal(relay.logins, 1);
  sent += await post(stage, { everyMs: 40, count: 200 });
  equal(relay.logins, 2);
  await fleet.clock.advance(10_000);
  deepEqual(sorted(relay.seqs(normal)), upTo(sent));
  await fleet.clock.run(agent.stop());
});

Deno.test("what is under way lands on the old link before the new one takes over", async () => {
  const stage = await renewableFleet();
  const { fleet, relay, agent, disk, issue } = stage;
  Object.assign(relay.manners, { receives: false, decides: false });
  await take({ fleet, agent }, 3);
  disk.files = (await issue()).files;
  await fleet.clock.advance(2 * credentialPollMs + quietWaitMs - 900);
  equal(relay.dialledAtMs.length, 2);
  await take({ fleet, agent }, 2);
  await fleet.clock.advance(handOverMs / 2);
  deepEqual([relay.logins, relay.seqs(normal)], [1, [1, 2, 3]]);
  Object.assign(relay.manners, { receives: true, decides: true });
  for (const [place, one] of relay.batches.entries()) {
    await relay.tellReceived(one, place);
    await relay.decide(one.header);
  }
  await fleet.clock.advance(100);
  equal(relay.logins, 2);
  await fleet.clock.advance(10_000);
  deepEqual(sorted(relay.seqs(normal)), upTo(5));
  await fleet.clock.run(agent.stop());
});

Deno.test("what never lands does not keep the link from moving: it goes again", async () => {
  const stage = await renewableFleet();
  const { fleet, relay, agent, disk, issue } = stage;
  Object.assign(relay.manners, { receives: false, decides: false });
  await take({ fleet, agent }, 3);
  disk.files = (await issue()).files;
  await fleet.clock.advance(2 * credentialPollMs + quietWaitMs);
  deepEqual([relay.logins, relay.dialledAtMs.length], [1, 2]);
  Object.assign(relay.manners, { receives: true, decides: true });
  await fleet.clock.advance(20_000);
  equal(relay.logins, 2);
  deepEqual(relay.seqs(normal), [1, 2, 3, 1, 2, 3]);
  equal(unsettledRecords(agent), 0);
  await fleet.clock.run(agent.stop());
});

Deno.test("a new certificate that the relay refuses leaves the old link at work, and is tried again", async () => {
  const stage = await renewableFleet();
  const { fleet, relay, agent, disk, issue, first } = stage;
  const fresh = await issue();
  disk.files = fresh.files;
  relay.manners.refuse = { code: "unknown_issuer", retryAfterMs: 0, afterProof: true };
  let sent = await post(stage, { everyMs: 100, count: 200 });
  deepEqual([relay.logins, relay.dialledAtMs.length], [1, 2]);
  equal(unsettledRecords(agent), 0);
  relay.manners.refuse = undefined;
  sent += await post(stage, { everyMs: 100, count: (moveRetryMs + quietWaitMs) / 100 });
  deepEqual(relay.serials, [serialOf(first), serialOf(fresh)]);
  await fleet.clock.advance(10_000);
  deepEqual(sorted(relay.seqs(normal)), upTo(sent));
  await fleet.clock.run(agent.stop());
});

Deno.test("a link that is cut while the certificate is new comes back with the new one, once", async () => {
  const stage = await renewableFleet();
  const { fleet, relay, agent, disk, issue, first } = stage;
  Object.assign(relay.manners, { receives: false, decides: false });
  await take({ fleet, agent }, 1);
  const fresh = await issue();
  disk.files = fresh.files;
  await fleet.clock.advance(2 * credentialPollMs + 1000);
  equal(relay.logins, 1);
  fleet.network.cut();
  relay.manners.receives = true;
  await fleet.clock.advance(60_000);
  deepEqual(relay.serials, [serialOf(first), serialOf(fresh)]);
  await fleet.clock.run(agent.stop());
});

Deno.test("files that do not belong together leave the link alone", async () => {
  const stage = await renewableFleet();
  const { fleet, relay, agent, disk, issue, first } = stage;
  const fresh = await issue();
  disk.files = { certificatePem: fresh.files.certificatePem, keyPem: first.files.keyPem };
  await post(stage, { everyMs: 100, count: (credentialSettleMs + quietWaitMs) / 100 });
  deepEqual([relay.logins, relay.dialledAtMs.length], [1, 1]);
  match(agent.status().certificate?.fault?.message ?? "", /for another key/);
  ok(fleet.logged.some((line) => line.startsWith("New certificate or key is not used")));
  disk.files = fresh.files;
  await post(stage, { everyMs: 100, count: 200 });
  deepEqual([relay.serials, agent.status().certificate?.fault], [[serialOf(first), serialOf(fresh)], undefined]);
  await fleet.clock.run(agent.stop());
});

Deno.test("a stop amid the move ends both links in time", async () => {
  for (const atMs of [0, 5, 12, 20, 30, 500]) {
    const { fleet, relay, agent, disk, issue } = await renewableFleet();
    Object.assign(relay.manners, { receives: atMs < 100, decides: false });
    if (atMs >= 100) await take({ fleet, agent }, 1);
    disk.files = (await issue()).files;
    for (let ms = 0; relay.dialledAtMs.length < 2 && ms < 60_000; ms++) await fleet.clock.advance(1);
    equal(relay.dialledAtMs.length, 2);
    await fleet.clock.advance(atMs);
    const beganMs = fleet.clock.uptimeMs();
    await fleet.clock.run(Promise.all([agent.stop(), agent.ended]));
    ok(fleet.clock.uptimeMs() - beganMs < 2500, `stopped ${atMs} ms after the dial`);
  }
});
