import { deepEqual, equal } from "node:assert/strict";
import { create } from "@bufbuild/protobuf";
import { LedgerRequestSchema } from "#proto/gen/systemscale/log/v1/ledger_pb.ts";
import { parseRelayName, parseVehicleId } from "#proto/ids.ts";
import { sessionIdOf } from "#proto/session_id.ts";
import { VirtualClock } from "#proto/testing/clock.ts";
import { makeSessionFixture } from "#proto/testing/session.ts";
import { provenSessionsMax, unprovenMs } from "./limits.ts";
import type { ProofCheck } from "./ports.ts";
import { type Claim, ProvenSessions } from "./proven_sessions.ts";
import { batchOf, damaged, IngestStage, recordsOf, scenario, silent, vehicle } from "./testing/stage.ts";

const fixture = await makeSessionFixture();
const relay = parseRelayName("relay-1");
const secret = new Uint8Array(16).fill(7);
const session = sessionIdOf(secret);
const claim: Claim = { vehicle, relay, shard: 0, session };
const sealed = fixture.seal(claim);

/** Sessions over a place where proofs are kept, which is asked so often. */
function makeSessions() {
  const kept = new Map<string, Uint8Array>([[session.toHex(), sealed]]);
  const clock = new VirtualClock();
  const asked: string[] = [];
  const find: ProofCheck["find"] = ({ session }) => {
    asked.push(session);
    return Promise.resolve(kept.get(session));
  };
  const proofs = { find, checkChain: fixture.checkChain };
  const writer = { untilItAnswers: <T>(_: string, ask: () => Promise<T>) => ask() };
  return { kept, clock, asked, sessions: new ProvenSessions({ proofs, clock, log: silent, writer }) };
}

Deno.test("a claim holds that the session's proof bears out; it is looked up once", async () => {
  const { sessions, asked } = makeSessions();
  deepEqual([await sessions.holds(claim), await sessions.holds({ ...claim })], [true, true]);
  equal(asked.length, 1);
});

Deno.test("no other relay, shard, vehicle or session comes through with that proof", async () => {
  const { sessions, kept } = makeSessions();
  equal(await sessions.holds(claim), true);
  const other = new Uint8Array(16).fill(8);
  kept.set(other.toHex(), sealed);
  const claims: Claim[] = [
    { ...claim, relay: parseRelayName("relay-2") },
    { ...claim, shard: 1 },
    { ...claim, vehicle: parseVehicleId("drone-002") },
    { ...claim, session: other },
    { ...claim, session: new Uint8Array(0) },
  ];
  for (const one of claims) equal(await sessions.holds(one), false);
  equal(await sessions.holds(claim), true);
});

Deno.test("a proof that is garbage, or by another authority, bears out nothing", async () => {
  const { sessions, kept, clock } = makeSessions();
  const foreign = await makeSessionFixture();
  for (const bytes of [new Uint8Array(0), Uint8Array.of(255, 255), sealed.subarray(0, 500), foreign.seal(claim)]) {
    kept.set(session.toHex(), bytes);
    equal(await sessions.holds(claim), false);
    await clock.advance(unprovenMs);
  }
});

Deno.test("a proof that comes late is found a second later; until then it is not sought for every batch", async () => {
  const { sessions, kept, clock, asked } = makeSessions();
  kept.clear();
  for (let i = 0; i < 100; i++) equal(await sessions.holds(claim), false);
  equal(asked.length, 1);
  kept.set(session.toHex(), sealed);
  await clock.advance(unprovenMs - 1);
  equal(await sessions.holds(claim), false);
  await clock.advance(1);
  equal(await sessions.holds(claim), true);
});

Deno.test("whoever makes up claims fills no memory, and pushes nobody out who is proven", async () => {
  const { sessions, asked } = makeSessions();
  equal(await sessions.holds(claim), true);
  for (let i = 0; i < provenSessionsMax + 10; i++) {
    await sessions.holds({ ...claim, session: Uint8Array.of(i >> 16, i >> 8 & 255, i & 255) });
  }
  const before = asked.length;
  equal(await sessions.holds(claim), true);
  equal(asked.length, before);
});

/** A stage whose owner checks proofs, of which there is one. */
async function checked(stage: IngestStage): Promise<Map<string, Uint8Array>> {
  const kept = new Map<string, Uint8Array>();
  const find: ProofCheck["find"] = ({ session }) => Promise.resolve(kept.get(session));
  stage.proofs = { find, checkChain: fixture.checkChain };
  await stage.restart();
  return kept;
}

scenario("what is brought under a session that is not proven is not taken, and gets no verdict", async (stage) => {
  const kept = await checked(stage);
  const item = batchOf(recordsOf({ first: 1, last: 10 }));
  const brought = { ...item, header: { ...item.header, relay, sessionSecret: secret } };
  await stage.send(brought, damaged(brought));
  deepEqual(stage.told(), { committed: [], quarantined: [] });
  deepEqual([await stage.rows(), await stage.quarantined(), await stage.line()], [[], [], undefined]);
  equal(stage.ingest.counts.unproven, 2);

  kept.set(session.toHex(), sealed);
  await stage.clock.advance(unprovenMs);
  // By a relay that has none of it but its own name, and by one that knows of the session what everybody does.
  const forged = { ...brought, header: { ...brought.header, relay: parseRelayName("relay-2") } };
  const guessed = { ...brought, header: { ...brought.header, sessionSecret: session } };
  await stage.send(forged, brought, guessed);
  deepEqual(stage.told(), { committed: [{ first: 1, last: 10 }], quarantined: [] });
  deepEqual([(await stage.rows()).length, stage.ingest.counts.unproven], [10, 4]);
});

scenario(
  "a relay that asks about a vehicle under a session that is not its own learns and changes nothing",
  async (stage) => {
    const kept = await checked(stage);
    kept.set(session.toHex(), sealed);
    const ask = (name: string, sessionSecret: Uint8Array) =>
      stage.ingest.answer(
        create(LedgerRequestSchema, { vehicleId: vehicle, relay: name, shard: 0, sessionSecret }),
      );
    for (const forged of [await ask("relay-2", secret), await ask("relay-1", session)]) {
      deepEqual([forged.unproven, forged.passed], [true, undefined]);
    }
    equal((await ask("relay-1", secret)).unproven, false);
  },
);
