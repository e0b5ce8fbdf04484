/** Epochs, forks, inventories and times as ingest learns them from real batches, up to what the query service reads. */
import { deepStrictEqual as equal, ok } from "node:assert/strict";
import { create } from "@bufbuild/protobuf";
import { encodeBatch } from "#proto/batch.ts";
import { type BundleItem, encodeBundle } from "#proto/bundle.ts";
import { type Class, classNumber } from "#proto/class.ts";
import { LedgerRequestSchema } from "#proto/gen/systemscale/log/v1/ledger_pb.ts";
import { type Epoch, parseEpoch, parseRelayName, parseStream, parseVehicleId } from "#proto/ids.ts";
import { partitionCount } from "#proto/limits.ts";
import type { Log } from "#proto/ports.ts";
import type { Ranges } from "#proto/ranges.ts";
import { sessionIdOf } from "#proto/session_id.ts";
import { partitionOf } from "#proto/subjects.ts";
import { encodeShape, type FrameRecord, makeShape, type Shape } from "#proto/shape.ts";
import { VirtualClock } from "#proto/testing/clock.ts";
import { countsOf } from "../lib/completeness/account.ts";
import { missingOf, testimonyOf } from "../lib/completeness/causes.ts";
import { forksOf, openingsOf } from "../lib/completeness/epoch_chain.ts";
import { openSqlite } from "../lib/store/io/sqlite.ts";
import { createStore } from "../lib/store/table_store.ts";
import { Ingest } from "./ingest.ts";
import type { LogExtent } from "./places.ts";
import { toWire } from "./wire.ts";

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };
const vehicle = parseVehicleId("drone-001");
const startNs = 1_718_000_000_000_000_000n;
const [a, b, c] = [1n, 2n, 3n].map(parseEpoch);
const telemetry = makeShape(parseStream("telemetry"), [{ name: "x", type: "f64" }]);
const opening = makeShape(parseStream("ss_epoch"), [
  { name: "previous", type: "str" },
  ...["critical", "event", "normal", "bulk"].map((name) => ({ name: `last_${name}`, type: "f64" as const })),
  { name: "reason", type: "str" },
  { name: "boot", type: "str" },
  { name: "clock_synchronized", type: "bool" },
]);

const allPartitions = Array.from({ length: partitionCount }, (_, at) => at);

/** Id of the session of that number, in hex. */
const idOf = (session: number) => sessionIdOf(new Uint8Array(16).fill(session)).toHex();

/** Where a batch comes from: one session of one disk. */
interface Source {
  readonly epoch: Epoch;
  readonly session: number;
  readonly clockOffsetNs?: bigint;
}

/** The log when an owner begins. */
const log: LogExtent = { id: "log", first: 1, last: 0 };

class Stage {
  readonly clock = new VirtualClock();
  readonly store = createStore(openSqlite({ path: ":memory:" }));
  readonly ingest = this.owner();
  #sequence = 0;

  owner(): Ingest {
    const { store, clock } = this;
    const shapes = { find: () => Promise.resolve(undefined) };
    return new Ingest({
      store,
      shapes,
      verdicts: { publish: () => {}, announce: () => {} },
      proofs: undefined,
      clock,
      log: silent,
    });
  }

  async begin(): Promise<this> {
    await this.ingest.own(allPartitions, { log });
    const define = (shape: Shape): BundleItem => ({ kind: "shape", definition: encodeShape(shape) });
    await this.#commit([define(telemetry), define(opening)]);
    return this;
  }

  /** An epoch opens: its first record comes. */
  async open(source: Source, previous: Epoch | undefined, lasts: { critical: number; normal: number }): Promise<void> {
    const values = [
      ...[
        previous?.toString() ?? null,
        lasts.critical,
        0,
        lasts.normal,
        0,
        "start",
        source.session === 1 ? "aa" : "bb",
      ],
      true,
    ];
    const record = { seq: 1, ts: startNs, shape: opening, values };
    await this.#send(source, "critical", [record]);
  }

  /** Telemetry comes; `value` tells whose row it is. */
  async fly(
    source: Source,
    { first, last, value = 0 }: { first: number; last: number; value?: number },
  ): Promise<void> {
    const records = Array.from({ length: last - first + 1 }, (_, at): FrameRecord => {
      return { seq: first + at, ts: startNs + BigInt(first + at) * 1_000_000n, shape: telemetry, values: [value] };
    });
    await this.#send(source, "normal", records);
  }

  /** The vehicle logs in and says what it has on board, here of class normal; of critical it has one record each. */
  async login(epochs: readonly { epoch: Epoch; normal: number; onBoard?: Ranges }[]): Promise<void> {
    const one = (epoch: Epoch, name: Class, last: number) => ({ epoch, class: name, ranges: [{ first: last, last }] });
    const durable = epochs.flatMap(({ epoch, normal }) => [
      one(epoch, "critical", 1),
      ...(normal === 0 ? [] : [one(epoch, "normal", normal)]),
    ]);
    const onBoard = epochs.map(({ epoch, onBoard = [] }) => ({ epoch, class: "normal" as const, ranges: onBoard }));
    await this.ingest.answer(create(LedgerRequestSchema, {
      ...{ vehicleId: vehicle, relay: "relay-1", sessionSecret: new Uint8Array(16) },
      inventory: { onBoard: toWire(onBoard), durable: toWire(durable) },
    }));
    await this.clock.advance(1);
  }

  /** What the query service reads after a flush: missing seqs of class normal as text, counts, forks. */
  async told() {
    await this.ingest.flush();
    const [lines, account] = [await this.store.ledger(vehicle), await this.store.account(vehicle)];
    const testimony = testimonyOf(lines, account?.statement);
    const missing = lines.flatMap((line) =>
      missingOf(line, testimony).map(({ first, last, cause }) =>
        `${line.epoch}/${line.class}/${first}-${last} ${cause}`
      )
    );
    equal(
      account?.counts,
      countsOf(account!.counts.stored, lines.flatMap((line) => missingOf(line, testimony))),
    );
    return { missing, forks: account?.forks, lines };
  }

  /** Values of the rows of an epoch. */
  async valuesOf(epoch: Epoch): Promise<unknown[]> {
    const { rows } = await this.store.rows({ vehicle, stream: parseStream("telemetry"), limit: 1000 });
    return rows.filter((row) => row.epoch === epoch).map(({ values }) => values.x);
  }

  async quarantined() {
    return (await this.store.quarantined(vehicle, { limit: 100 })).entries;
  }

  async #send({ epoch, session, clockOffsetNs = 0n }: Source, name: Class, records: FrameRecord[]): Promise<void> {
    const batch = encodeBatch(records, { epoch, class: classNumber(name), clockOffsetNs });
    const header = {
      ...{ vehicle, relay: parseRelayName(`relay-${session}`), shard: 0 },
      ...{ sessionSecret: new Uint8Array(16).fill(session), receivedAtNs: startNs + BigInt(this.#sequence) },
    };
    await this.#commit([{ kind: "batch", header, batch }]);
  }

  async #commit(items: readonly BundleItem[]): Promise<void> {
    const place = { lane: "live", partition: 31, sequence: ++this.#sequence } as const;
    await this.ingest.commit([{ place, tenure: 1, placedAtNs: startNs, bytes: encodeBundle(items) }]);
    await this.clock.advance(1);
  }
}

function scenario(name: string, run: (stage: Stage) => Promise<void>): void {
  Deno.test(name, async () => {
    const stage = await new Stage().begin();
    try {
      await run(stage);
    } finally {
      await stage.store.close();
    }
  });
}

scenario(
  "a chain without a fork: each epoch's opening is kept with how it came, and nothing is missing",
  async (stage) => {
    await stage.open({ epoch: a, session: 1 }, undefined, { critical: 0, normal: 0 });
    await stage.fly({ epoch: a, session: 1 }, { first: 1, last: 5 });
    await stage.open({ epoch: b, session: 2, clockOffsetNs: 7n }, a, { critical: 1, normal: 5 });
    const { missing, forks, lines } = await stage.told();
    equal([missing, forks], [[], 0]);
    const [, second] = openingsOf(lines);
    const { epoch, previous, boot, clockOffsetNs, openedAtNs, relay, session } = second;
    equal([epoch, previous, boot, clockOffsetNs, openedAtNs], [b, a, "bb", 7n, startNs + 7n]);
    equal([relay, session], ["relay-2", idOf(2)]);
  },
);

scenario(
  "a disk restored from an older image goes on from an earlier epoch: both are stored, the fork shows",
  async (stage) => {
    await stage.open({ epoch: a, session: 1 }, undefined, { critical: 0, normal: 0 });
    await stage.fly({ epoch: a, session: 1 }, { first: 1, last: 6, value: 1 });
    await stage.open({ epoch: b, session: 1 }, a, { critical: 1, normal: 9 });
    await stage.fly({ epoch: b, session: 1 }, { first: 1, last: 3, value: 2 });
    // The image is of the time when epoch 1 had come to seq 4: that is what the restored disk repeats and goes on from.
    const restored = { epoch: c, session: 2 };
    await stage.login([{ epoch: a, normal: 4, onBoard: [{ first: 1, last: 4 }] }, { epoch: c, normal: 0 }]);
    await stage.open(restored, a, { critical: 1, normal: 4 });
    await stage.fly({ epoch: a, session: 2 }, { first: 1, last: 4, value: 1 });
    await stage.fly(restored, { first: 1, last: 2, value: 3 });
    const { missing, forks, lines } = await stage.told();
    equal(forks, 1);
    equal(missing, ["1/normal/7-9 vehicle_disk_lost"]);
    equal([await stage.valuesOf(a), await stage.valuesOf(b), await stage.valuesOf(c)], [
      [1, 1, 1, 1, 1, 1],
      [2, 2, 2],
      [3, 3],
    ]);
    equal(await stage.quarantined(), []);
    const branches = forksOf(openingsOf(lines)).get(a)?.map(({ epoch, boot, relay }) => [epoch, boot, relay]);
    equal(branches, [[b, "aa", "relay-1"], [c, "bb", "relay-2"]]);
  },
);

scenario(
  "two vehicles' disks that go on from one image at once do not collide, and both sides are known",
  async (stage) => {
    await stage.open({ epoch: a, session: 1 }, undefined, { critical: 0, normal: 0 });
    await stage.fly({ epoch: a, session: 1 }, { first: 1, last: 4, value: 1 });
    const [one, other] = [{ epoch: b, session: 1 }, { epoch: c, session: 2 }];
    await stage.open(one, a, { critical: 1, normal: 4 });
    await stage.open(other, a, { critical: 1, normal: 4 });
    for (let first = 1; first <= 9; first += 3) {
      await stage.fly(one, { first, last: first + 2, value: 2 });
      await stage.fly(other, { first, last: first + 2, value: 3 });
    }
    const { missing, forks, lines } = await stage.told();
    equal([missing, forks], [[], 1]);
    equal(await stage.valuesOf(b), Array(9).fill(2));
    equal(await stage.valuesOf(c), Array(9).fill(3));
    equal(await stage.quarantined(), []);
    equal(forksOf(openingsOf(lines)).get(a)?.map(({ session }) => session), [idOf(1), idOf(2)]);
  },
);

scenario("what a vehicle had and no longer lists is lost with its disk, once a new disk speaks", async (stage) => {
  await stage.open({ epoch: a, session: 1 }, undefined, { critical: 0, normal: 0 });
  await stage.login([{ epoch: a, normal: 9, onBoard: [{ first: 4, last: 9 }] }]);
  await stage.fly({ epoch: a, session: 1 }, { first: 1, last: 3 });
  equal((await stage.told()).missing, ["1/normal/4-9 still_on_board"]);
  await stage.login([{ epoch: b, normal: 0 }]);
  equal((await stage.told()).missing, ["1/normal/4-9 unknown", "2/critical/1-1 unknown"]);
  await stage.open({ epoch: b, session: 2 }, undefined, { critical: 0, normal: 0 });
  equal((await stage.told()).missing, ["1/normal/4-9 vehicle_disk_lost"]);
  equal((await stage.told()).forks, 0);
});

scenario("what relays tell of a session is evidence of the epochs that came through it", async (stage) => {
  const report = { vehicle, session: idOf(2) };
  stage.ingest.noteLinks([{ ...report, agentVersion: "1.2.3" }]);
  await stage.open({ epoch: a, session: 1 }, undefined, { critical: 0, normal: 0 });
  await stage.open({ epoch: b, session: 2 }, a, { critical: 1, normal: 0 });
  const nowNs = stage.clock.wallNs();
  stage.ingest.noteLinks([{ ...report, clockOffsetNs: 5_000_000n }]);
  await stage.clock.advance(10_000);
  stage.ingest.noteLinks([{ ...report, clockOffsetNs: 5_900_000n }]);
  const links = async () => openingsOf((await stage.told()).lines).map(({ link }) => link);
  const first = { firstNs: 5_000_000n, lastNs: 5_000_000n, lastAtNs: nowNs };
  equal(await links(), [undefined, { agentVersion: "1.2.3", clockOffset: first }]);
  stage.ingest.noteLinks([{ ...report, clockOffsetNs: -1n }, { ...report, vehicle: parseVehicleId("never-seen") }]);
  const last = { firstNs: 5_000_000n, lastNs: -1n, lastAtNs: stage.clock.wallNs() };
  equal(await links(), [undefined, { agentVersion: "1.2.3", clockOffset: last }]);
});

scenario("an owner's figures are of the vehicles of its partitions, from the first moment on", async (stage) => {
  await stage.open({ epoch: a, session: 1 }, undefined, { critical: 0, normal: 0 });
  await stage.login([{ epoch: a, normal: 9, onBoard: [{ first: 4, last: 9 }] }]);
  await stage.fly({ epoch: a, session: 1 }, { first: 1, last: 3 });
  await stage.ingest.flush();
  await stage.clock.advance(2_000);
  const { counts, vehicles, oldestWaitingNs } = stage.ingest.figures;
  equal([counts.expected, counts.stored, counts.missing.still_on_board], [10, 4, 6]);
  equal([vehicles, oldestWaitingNs], [{ complete: 0, arriving: 1, short: 0 }, 2_000_000_000n]);
  const [next, elsewhere] = [stage.owner(), stage.owner()];
  await next.own(allPartitions, { log });
  await elsewhere.own(allPartitions.filter((one) => one !== partitionOf(vehicle)), { log });
  equal(next.figures, stage.ingest.figures);
  equal([elsewhere.figures.counts.expected, elsewhere.figures.vehicles.arriving], [0, 0]);
});

scenario("committed rows leave marks of their dated times, so a time asked for finds their seqs", async (stage) => {
  const source = { epoch: a, session: 1, clockOffsetNs: 3_600_000_000_000n };
  await stage.fly(source, { first: 11, last: 20 });
  await stage.fly(source, { first: 1, last: 5 });
  const { lines: [line] } = await stage.told();
  const ms = 1_718_000_000_000 + 3_600_000;
  equal(line.marks, [
    { first: 1, last: 5, fromMs: ms + 1, toMs: ms + 5 },
    { first: 11, last: 20, fromMs: ms + 11, toMs: ms + 20 },
  ]);
});

scenario(
  "a dated time that no table can hold is never moved: its rows are kept aside with the reason",
  async (stage) => {
    const wild = { epoch: a, session: 1, clockOffsetNs: 200n * 366n * 86_400_000_000_000n };
    await stage.fly(wild, { first: 1, last: 3 });
    await stage.fly({ epoch: b, session: 1 }, { first: 1, last: 2 });
    equal([await stage.valuesOf(a), await stage.valuesOf(b)], [[], [0, 0]]);
    const [entry, ...others] = await stage.quarantined();
    equal([entry.code, entry.ranges, others], ["bad_batch", [{ first: 1, last: 3 }], []]);
    ok(/time \d+ is outside of/.test(entry.reason), entry.reason);
    equal((await stage.told()).missing, ["1/normal/1-3 quarantined"]);
  },
);
