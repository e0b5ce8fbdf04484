/**
 * A vehicle whose clock stands in 1970 at its start: its frames become rows at the right time. In virtual time; agent,
 * ring, link and ingest are the real ones, relay and log are scripted.
 */
import { deepStrictEqual as equal, ok } from "node:assert/strict";
import { Ingest } from "#cloud/ingest/ingest.ts";
import { openSqlite } from "#cloud/lib/store/io/sqlite.ts";
import type { Row } from "#cloud/lib/store/rows.ts";
import { createStore } from "#cloud/lib/store/table_store.ts";
import type { Agent } from "#edge/agent.ts";
import { clockLiftOf } from "#edge/clock_floor.ts";
import { Collector } from "#edge/collect/collector.ts";
import { type Fleet, makeFleet, normal } from "#edge/testing/scripted_relay.ts";
import { readX509 } from "#proto/base/x509.ts";
import { type BundleItem, encodeBundle } from "#proto/bundle.ts";
import { parseRelayName, parseStream, parseVehicleId } from "#proto/ids.ts";
import type { JsonValue } from "#proto/json.ts";
import type { Log } from "#proto/ports.ts";
import { encodeShape } from "#proto/shape.ts";
import { partitionOf } from "#proto/subjects.ts";

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };
const vehicle = parseVehicleId("drone-001");
const stream = parseStream("telemetry");
const partitions = Array.from({ length: 32 }, (_, partition) => partition);

type Relay = ReturnType<Fleet["relay"]>;

/** A vehicle that starts 5 s after midnight of 1970 in a world where it is `trueNs`. */
async function startIn1970(): Promise<{ fleet: Fleet; relay: Relay; aheadNs: bigint }> {
  const fleet = await makeFleet();
  const relay = fleet.relay("relay-1.test");
  const aheadNs = fleet.clock.wallNs() - 5_000_000_000n;
  setAhead({ fleet, relay }, aheadNs);
  fleet.clock.stepWall(-aheadNs);
  return { fleet, relay, aheadNs };
}

function setAhead({ relay }: { fleet: Fleet; relay: Relay }, aheadNs: bigint): void {
  relay.manners.aheadMs = Number(aheadNs / 1_000_000n);
}

/** Takes a frame as the local API does; tells the agent's own idea of its time. */
async function post({ fleet, agent }: { fleet: Fleet; agent: Agent }, frame: JsonValue): Promise<bigint> {
  const nowNs = agent.nowNs();
  const { class: name, frame: collected } = new Collector().collect(frame, nowNs);
  await fleet.clock.run(agent.take(name, [collected]));
  return nowNs;
}

/** What the store shows of all batches that the relay has taken, in order of time. */
async function rowsOf(relay: Relay, fleet: Fleet): Promise<readonly Row[]> {
  const path = await Deno.makeTempFile({ suffix: ".db" });
  const store = createStore(openSqlite({ path }));
  const shapes = { find: () => Promise.resolve(undefined) };
  const ingest = new Ingest({
    store,
    shapes,
    verdicts: { publish() {}, announce() {} },
    proofs: undefined,
    clock: fleet.clock,
    log: silent,
  });
  await ingest.own(partitions, { log: { id: "log", first: 1, last: 0 } });
  const header = {
    vehicle,
    relay: parseRelayName("relay-1"),
    shard: 0,
    sessionSecret: new Uint8Array(16),
    receivedAtNs: fleet.clock.wallNs(),
  };
  const items = relay.batches.flatMap(({ records, bytes }): BundleItem[] => [
    ...records.map(({ shape }): BundleItem => ({ kind: "shape", definition: encodeShape(shape) })),
    { kind: "batch", header, batch: bytes },
  ]);
  const place = { lane: "live", partition: partitionOf(vehicle), sequence: 1 } as const;
  await ingest.commit([{ place, tenure: 1, placedAtNs: header.receivedAtNs, bytes: encodeBundle(items) }]);
  const { rows } = await store.rows({ vehicle, stream, limit: 100 });
  await store.close();
  for (const end of ["", "-wal", "-shm"]) await Deno.remove(path + end).catch(() => undefined);
  return rows;
}

function assertNear(gotNs: bigint, wantedNs: bigint, what: string): void {
  const offMs = Number(gotNs - wantedNs) / 1e6;
  // Half a round trip of the virtual network, and more than that it cannot know.
  ok(Math.abs(offMs) <= 20, `${what} is ${offMs} ms off`);
}

Deno.test("frames of a vehicle that believes in 1970 become rows at the right time, one offset for all", async () => {
  const { fleet, relay, aheadNs } = await startIn1970();
  fleet.network.reachable = false;
  const agent = await fleet.agent({ clockSynchronized: () => false });
  const dark = await post({ fleet, agent }, { data: { n: 1 } });
  const given = String(dark + aheadNs);
  await fleet.clock.advance(60_000);
  const told = await post({ fleet, agent }, { data: { n: 2 }, ts: given });
  equal([dark < 60_000_000_000n, relay.batches.length, agent.status().clockOffsetNs], [true, 0, undefined]);
  fleet.network.reachable = true;
  await fleet.clock.advance(60_000);
  const linked = await post({ fleet, agent }, { data: { n: 3 } });
  await fleet.clock.advance(1_000);
  const rows = await rowsOf(relay, fleet);
  equal(rows.map(({ values }) => values.n), [1, 2, 3]);
  [dark, told, linked].forEach((ownNs, at) => assertNear(rows[at].ts, ownNs + aheadNs, `row ${at + 1}`));
  // What the caller gave, a day and more ahead of the agent, is not believed and not forgotten.
  equal(rows[1].values.ts_device, BigInt(given));
  const offsets = new Set(relay.batches.map(({ header }) => header.clockOffsetNs));
  equal([...offsets], [agent.status().clockOffsetNs]);
  await fleet.clock.run(agent.stop());
});

Deno.test("what was sent before a restart is sent again at the same time, whatever the clock says then", async () => {
  const { fleet, relay, aheadNs } = await startIn1970();
  fleet.network.reachable = false;
  const first = await fleet.agent({ clockSynchronized: () => false });
  const ownNs = await post({ fleet, agent: first }, { data: { n: 1 } });
  Object.assign(relay.manners, { receives: false, decides: false });
  fleet.network.reachable = true;
  await fleet.clock.advance(30_000);
  const { clockOffsetNs: fixed, epoch } = first.status();
  ok(fixed !== undefined && relay.seqs(normal).includes(1));
  await fleet.clock.run(first.stop());
  // The next start finds a clock that is wrong by another time.
  const stepNs = 7_200_000_000_000n;
  fleet.clock.stepWall(stepNs);
  setAhead({ fleet, relay }, aheadNs - stepNs);
  Object.assign(relay.manners, { receives: true, decides: true });
  const next = await fleet.agent({ clockSynchronized: () => false });
  await fleet.clock.advance(60_000);
  const nextNs = await post({ fleet, agent: next }, { data: { n: 2 } });
  await fleet.clock.advance(1_000);
  const sent = relay.batches.filter(({ header }) => header.epoch === epoch && header.class === normal);
  ok(sent.length >= 2);
  equal(new Set(sent.map(({ header }) => header.clockOffsetNs)), new Set([fixed]));
  const rows = await rowsOf(relay, fleet);
  equal(rows.map(({ values }) => values.n), [1, 2]);
  assertNear(rows[0].ts, ownNs + aheadNs, "the row of the first start");
  assertNear(rows[1].ts, nextNs + aheadNs - stepNs, "the row of the second start");
  await fleet.clock.run(next.stop());
});

Deno.test("the floor lifts the clock to the certificate's first moment, and the relay tells the rest", async () => {
  const { fleet, relay, aheadNs } = await startIn1970();
  const certificate = BigInt(readX509(fleet.identity().chain[0]).notBeforeMs) * 1_000_000n;
  const lift = clockLiftOf(fleet.clock.wallNs(), { build: undefined, ring: undefined, certificate });
  ok(lift !== undefined);
  const liftedNs = lift.toNs - fleet.clock.wallNs();
  fleet.clock.stepWall(liftedNs);
  setAhead({ fleet, relay }, aheadNs - liftedNs);
  const agent = await fleet.agent({ clockSynchronized: () => false });
  const ownNs = await post({ fleet, agent }, { data: { n: 1 } });
  ok(ownNs >= certificate);
  await fleet.clock.advance(2_000);
  const [row] = await rowsOf(relay, fleet);
  assertNear(row.ts, ownNs + aheadNs - liftedNs, "the row");
  await fleet.clock.run(agent.stop());
});
