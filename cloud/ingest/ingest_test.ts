import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { create } from "@bufbuild/protobuf";
import { encodeBatch } from "#proto/batch.ts";
import { type BundleItem, encodeBundle } from "#proto/bundle.ts";
import { classNumber, type TelemetryLane } from "#proto/class.ts";
import { LedgerRequestSchema, type OwnerNotice, type VerdictNotice } from "#proto/gen/systemscale/log/v1/ledger_pb.ts";
import { parseEpoch, parseRelayName, parseStream, parseVehicleId } from "#proto/ids.ts";
import type { Log } from "#proto/ports.ts";
import type { Ranges } from "#proto/ranges.ts";
import { encodeShape, type Field, type FrameRecord, makeShape, type Shape, type Value } from "#proto/shape.ts";
import { VirtualClock } from "#proto/testing/clock.ts";
import { openSqlite } from "../lib/store/io/sqlite.ts";
import type { QuarantineEntry, Store, WriteOutcome } from "../lib/store/store.ts";
import { createStore } from "../lib/store/table_store.ts";
import { Ingest } from "./ingest.ts";
import { suspendedMaxMs } from "./limits.ts";
import type { LogMessage } from "./log_message.ts";
import { fromWire, toWire } from "./wire.ts";

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };
const vehicle = parseVehicleId("drone-001");
const epoch = parseEpoch(42n);
const startNs = 1_718_000_000_000_000_000n;
const telemetry = shapeOf("telemetry", [{ name: "a", type: "f64" }]);

function shapeOf(stream: string, fields: readonly Field[]): Shape {
  return makeShape(parseStream(stream), fields);
}

/** An ingest over a real SQLite file, with the log, the bucket and the shards in the test's hands. */
class Stage {
  readonly clock = new VirtualClock();
  readonly notices: VerdictNotice[] = [];
  readonly announced: OwnerNotice[] = [];
  readonly bucket = new Map<string, Uint8Array>();
  path = Deno.makeTempFileSync({ suffix: ".db" });
  store: Store = createStore(openSqlite({ path: this.path }));
  #sequence = 0;

  async ingest(replayMs = 0): Promise<Ingest> {
    const ingest = new Ingest({
      store: this.store,
      shapes: { find: (hash) => Promise.resolve(this.bucket.get(hash)) },
      verdicts: {
        publish: (_, notice) => this.notices.push(notice),
        announce: (notice) => this.announced.push(notice),
      },
      clock: this.clock,
      log: silent,
    });
    await ingest.own(Array.from({ length: 32 }, (_, partition) => partition), { replayMs, logEnd: this.#sequence });
    return ingest;
  }

  /** A message of the log with these items. */
  message(items: readonly BundleItem[], lane: TelemetryLane = "live"): LogMessage {
    const place = { lane, partition: 31, sequence: ++this.#sequence };
    return { place, placedAtNs: startNs, bytes: encodeBundle(items) };
  }

  /** Ranges told as committed and as quarantined, joined over all notices since the last call. */
  told(): { committed: unknown; quarantined: unknown } {
    const entries = this.notices.splice(0).flatMap((notice) => notice.entries);
    const joined = (pick: "committed" | "quarantined") =>
      entries.flatMap((entry) => fromWire(entry[pick])).flatMap(({ ranges }) => ranges);
    return { committed: joined("committed"), quarantined: joined("quarantined") };
  }

  async seqsIn(stream: string): Promise<number[]> {
    const page = await this.store.rows({ vehicle, stream: parseStream(stream), limit: 1000 });
    return page.rows.map(({ seq }) => seq);
  }

  async quarantined(id: string = vehicle): Promise<readonly QuarantineEntry[]> {
    return (await this.store.quarantined(parseVehicleId(id), { limit: 100 })).entries;
  }

  /** The store begins anew, as empty as on its first day. */
  async forgetEverything(): Promise<void> {
    await this.close();
    this.path = Deno.makeTempFileSync({ suffix: ".db" });
    this.store = createStore(openSqlite({ path: this.path }));
  }

  async close(): Promise<void> {
    await this.store.close();
    for (const end of ["", "-wal", "-shm"]) await Deno.remove(this.path + end).catch(() => undefined);
  }
}

const header = {
  vehicle,
  relay: parseRelayName("dev"),
  shard: 0,
  session: new Uint8Array(16),
  receivedAtNs: startNs,
};

function batch(
  first: number,
  last: number,
  options: { shape?: Shape; value?: (seq: number) => Value } = {},
): BundleItem {
  const shape = options.shape ?? telemetry;
  const value = options.value ?? ((seq) => seq);
  const records = Array.from({ length: last - first + 1 }, (_, at) => {
    const seq = first + at;
    return { seq, ts: startNs + BigInt(seq) * 1_000_000n, shape, values: shape.fields.map(() => value(seq)) };
  });
  return batchOf(records);
}

function batchOf(records: readonly FrameRecord[]): BundleItem {
  const bytes = encodeBatch(records, { epoch, class: classNumber("normal"), clockOffsetNs: 0n });
  return { kind: "batch", header, batch: bytes };
}

const define = (shape: Shape): BundleItem => ({ kind: "shape", definition: encodeShape(shape) });

function scenario(name: string, run: (stage: Stage) => Promise<void>): void {
  Deno.test(name, async () => {
    const stage = new Stage();
    try {
      await run(stage);
    } finally {
      await stage.close();
    }
  });
}

scenario("batches become rows, and their ranges are told as committed", async (stage) => {
  const ingest = await stage.ingest();
  await ingest.commit([stage.message([define(telemetry), batch(1, 3), batch(4, 5)])]);
  deepStrictEqual(stage.told(), { committed: [{ first: 1, last: 5 }], quarantined: [] });
  deepStrictEqual(await stage.seqsIn("telemetry"), [1, 2, 3, 4, 5]);
});

scenario("a repeat is not written again, and its verdict is told again", async (stage) => {
  const ingest = await stage.ingest();
  await ingest.commit([stage.message([define(telemetry), batch(1, 4)])]);
  stage.told();
  await ingest.commit([stage.message([batch(3, 6)], "backfill")]);
  const { committed } = stage.told();
  deepStrictEqual(committed, [{ first: 3, last: 6 }]);
  deepStrictEqual(await stage.seqsIn("telemetry"), [1, 2, 3, 4, 5, 6]);
  strictEqual(ingest.counts.rows, 6);
});

scenario("the same batch twice in one commit is written once", async (stage) => {
  const ingest = await stage.ingest();
  await ingest.commit([stage.message([define(telemetry), batch(1, 4), batch(1, 4)])]);
  deepStrictEqual(await stage.seqsIn("telemetry"), [1, 2, 3, 4]);
  strictEqual(ingest.counts.rows, 4);
});

scenario("a repeat with another body changes nothing and is kept aside", async (stage) => {
  const ingest = await stage.ingest();
  await ingest.commit([stage.message([define(telemetry), batch(1, 4)])]);
  await ingest.commit([stage.message([batch(1, 4, { value: (seq) => seq === 2 ? 99 : seq })])]);
  const { rows } = await stage.store.rows({ vehicle, stream: parseStream("telemetry"), limit: 10 });
  deepStrictEqual(rows.map(({ values }) => values.a), [1, 2, 3, 4]);
  const [entry] = await stage.quarantined();
  deepStrictEqual([entry.code, entry.first, entry.last], ["different_body", 2, 2]);
});

scenario("a damaged batch is kept aside with its reason, and blocks nothing", async (stage) => {
  const ingest = await stage.ingest();
  const damaged = batch(5, 8);
  ok(damaged.kind === "batch");
  damaged.batch[damaged.batch.length - 1] ^= 1;
  await ingest.commit([stage.message([define(telemetry), batch(1, 4), damaged, batch(9, 9)])]);
  deepStrictEqual(await stage.seqsIn("telemetry"), [1, 2, 3, 4, 9]);
  const told = stage.told();
  deepStrictEqual(told.quarantined, [{ first: 5, last: 8 }]);
  strictEqual((await stage.quarantined())[0].code, "bad_batch");
});

scenario("bytes that are no bundle are kept aside, and what comes behind is not held up", async (stage) => {
  const ingest = await stage.ingest();
  const garbage = { ...stage.message([]), bytes: Uint8Array.of(9, 9, 9, 9, 9) };
  await ingest.commit([garbage, stage.message([define(telemetry), batch(1, 2)])]);
  deepStrictEqual(await stage.seqsIn("telemetry"), [1, 2]);
  strictEqual((await stage.quarantined("unreadable")).length, 1);
});

scenario(
  "everything that is kept aside of one message is kept, and once however often the log is read",
  async (stage) => {
    const garbage = (byte: number): BundleItem => ({ kind: "batch", header, batch: new Uint8Array(60).fill(byte) });
    const damaged = (byte: number): BundleItem => {
      const item = batch(1, 2);
      ok(item.kind === "batch");
      item.batch[item.batch.length - 1] ^= byte;
      return item;
    };
    const message = stage.message([garbage(1), damaged(1), garbage(2), damaged(2)]);
    for (let time = 1; time <= 2; time++) {
      const owner = await stage.ingest();
      await owner.commit([message]);
      await stage.clock.advance(1_000);
    }
    const kept = async (id?: string) => (await stage.quarantined(id)).map(({ place }) => place.item);
    deepStrictEqual(await kept("unreadable"), [0, 2]);
    deepStrictEqual(await kept(), [1]);
  },
);

scenario("a shape that was defined before this owner's time is found in the bucket", async (stage) => {
  stage.bucket.set(telemetry.hash, encodeShape(telemetry));
  const ingest = await stage.ingest();
  await ingest.commit([stage.message([batch(1, 2)])]);
  deepStrictEqual(await stage.seqsIn("telemetry"), [1, 2]);
});

scenario("all shapes of a batch are found in the bucket, however many a new owner lacks", async (stage) => {
  const ingest = await stage.ingest();
  const shapes = ["gps", "imu", "status"].map((stream) => shapeOf(stream, [{ name: "a", type: "f64" }]));
  for (const shape of shapes) stage.bucket.set(shape.hash, encodeShape(shape));
  const records = shapes.map((shape, at) => ({ seq: at + 1, ts: startNs, shape, values: [at] }));
  await ingest.commit([stage.message([batchOf(records)])]);
  deepStrictEqual(stage.told(), { committed: [{ first: 1, last: 3 }], quarantined: [] });
  deepStrictEqual(await stage.seqsIn("status"), [3]);
});

scenario("a shape that nobody knows sends its batches aside", async (stage) => {
  const ingest = await stage.ingest();
  await ingest.commit([stage.message([batch(1, 2)])]);
  deepStrictEqual(stage.told().quarantined, [{ first: 1, last: 2 }]);
  strictEqual((await stage.quarantined())[0].code, "unknown_shape");
});

scenario("a new owner goes on where the ledger was flushed, and reads the rest again without harm", async (stage) => {
  stage.bucket.set(telemetry.hash, encodeShape(telemetry));
  const first = await stage.ingest();
  const messages = [stage.message([batch(1, 2)]), stage.message([batch(3, 4)])];
  await first.commit([messages[0]]);
  await first.flush();
  await first.commit([messages[1]]);
  // The owner is gone here, without a flush; the log gives everything behind the checkpoint again.
  const second = await stage.ingest();
  stage.told();
  await second.commit(messages);
  deepStrictEqual(stage.told().committed, [{ first: 3, last: 4 }]);
  deepStrictEqual(await stage.seqsIn("telemetry"), [1, 2, 3, 4]);
});

scenario("a replay writes again what a lazy store may have lost, but not what is kept aside", async (stage) => {
  const first = await stage.ingest();
  const damaged = batch(3, 4);
  ok(damaged.kind === "batch");
  damaged.batch[damaged.batch.length - 1] ^= 1;
  const messages = [stage.message([define(telemetry), batch(1, 2)]), stage.message([damaged])];
  await first.commit(messages);
  await first.flush();
  const second = await stage.ingest(600_000);
  stage.told();
  await second.commit(messages);
  deepStrictEqual(stage.told(), { committed: [{ first: 1, last: 2 }], quarantined: [] });
  strictEqual((await stage.quarantined()).length, 1);
});

scenario("a store that lost rows and the newest place, but not the ledger, gets the rows again", async (stage) => {
  const first = await stage.ingest();
  const message = stage.message([define(telemetry), batch(1, 4)]);
  await first.commit([message]);
  await first.flush();
  const ledger = await stage.store.ledger(vehicle);
  await stage.forgetEverything();
  await stage.store.saveLedger(ledger);
  const second = await stage.ingest(600_000);
  stage.told();
  await second.commit([message]);
  deepStrictEqual(stage.told(), { committed: [{ first: 1, last: 4 }], quarantined: [] });
  deepStrictEqual(await stage.seqsIn("telemetry"), [1, 2, 3, 4]);
  deepStrictEqual(await stage.quarantined(), []);
});

scenario(
  "the answer to an inventory names what has a verdict, and the ledger learns what is on board",
  async (stage) => {
    const ingest = await stage.ingest();
    await ingest.commit([stage.message([define(telemetry), batch(1, 4)])]);
    const onBoard = toWire([{ epoch, class: "normal", ranges: [{ first: 3, last: 9 }] }]);
    const answer = await ingest.answer(create(LedgerRequestSchema, {
      vehicleId: vehicle,
      relay: "dev",
      session: new Uint8Array(16),
      inventory: { onBoard, durable: toWire([{ epoch, class: "normal", ranges: [{ first: 9, last: 9 }] }]) },
    }));
    deepStrictEqual(fromWire(answer.committed)[0].ranges, [{ first: 3, last: 4 }]);
    strictEqual(answer.passed?.live, 1n);
    await ingest.flush();
    const [line] = await stage.store.ledger(vehicle);
    deepStrictEqual([line.expected, line.onBoard, line.committed], [9, [{ first: 3, last: 9 }], [{
      first: 1,
      last: 4,
    }]]);
  },
);

scenario("gap records and opened epochs are rows, and the ledger reads them", async (stage) => {
  const ingest = await stage.ingest();
  const gap = shapeOf("ss_gap", [
    { name: "epoch", type: "str" },
    { name: "class", type: "str" },
    { name: "first", type: "f64" },
    { name: "last", type: "f64" },
    { name: "cause", type: "str" },
  ]);
  const values: Value[] = ["41", "bulk", 5, 9, "overwritten"];
  const records = [{ seq: 1, ts: startNs, shape: gap, values }];
  const bytes = encodeBatch(records, { epoch, class: classNumber("critical"), clockOffsetNs: 0n });
  await ingest.commit([stage.message([define(gap), { kind: "batch", header, batch: bytes }])]);
  await ingest.flush();
  const line = (await stage.store.ledger(vehicle)).find((entry) => entry.epoch === 41n);
  deepStrictEqual(line?.gaps, [{ first: 5, last: 9, cause: "overwritten" }]);
  deepStrictEqual(await stage.seqsIn("ss_gap"), [1]);
});

scenario("a suspended table holds back its own rows, and after a minute they are kept aside", async (stage) => {
  const sick = shapeOf("sick", [{ name: "a", type: "f64" }]);
  const whole = stage.store;
  stage.store = suspending(whole, "sick");
  const ingest = await stage.ingest();
  await ingest.commit([stage.message([define(telemetry), define(sick), batch(1, 2), batch(3, 4, { shape: sick })])]);
  deepStrictEqual(stage.told(), { committed: [{ first: 1, last: 2 }], quarantined: [] });
  strictEqual(ingest.counts.waiting, 1);
  await stage.clock.advance(suspendedMaxMs);
  await ingest.retryWaiting();
  deepStrictEqual(stage.told().quarantined, [{ first: 3, last: 4 }]);
  strictEqual(ingest.counts.waiting, 0);
});

scenario("a batch that came twice to a suspended table is put aside once, and that stands", async (stage) => {
  const sick = shapeOf("sick", [{ name: "a", type: "f64" }]);
  const whole = stage.store;
  stage.store = suspending(whole, "sick");
  const ingest = await stage.ingest();
  await ingest.commit([stage.message([define(sick), batch(1, 2, { shape: sick })])]);
  await stage.clock.advance(10_000);
  await ingest.commit([stage.message([batch(1, 2, { shape: sick })], "backfill")]);
  await stage.clock.advance(suspendedMaxMs - 10_000);
  for (let time = 0; time < 2; time++) {
    await ingest.retryWaiting();
    await stage.clock.advance(suspendedMaxMs);
  }
  deepStrictEqual(stage.told().committed, []);
  strictEqual(ingest.counts.waiting, 0);
  strictEqual((await stage.quarantined()).length, 1);
});

/** A vehicle's question; what it holds: seqs of the one class of the one epoch. */
function question(seqs: { onBoard?: Ranges; settled?: Ranges }) {
  const line = (ranges: Ranges = []) => toWire([{ epoch, class: "normal", ranges }]);
  return create(LedgerRequestSchema, {
    vehicleId: vehicle,
    relay: "dev",
    session: new Uint8Array(16),
    inventory: { onBoard: line(seqs.onBoard), settled: line(seqs.settled) },
  });
}

/** The log's lanes ended there when their readers began. */
function endAt(ingest: Ingest, places: { live: number; backfill: number }): void {
  ingest.handleLogEnd("live", places.live);
  ingest.handleLogEnd("backfill", places.backfill);
}

scenario("what a vehicle has a verdict for and the ledger does not know is asked for again, once", async (stage) => {
  const ingest = await stage.ingest();
  endAt(ingest, { live: 0, backfill: 0 });
  const damaged = batch(5, 6);
  ok(damaged.kind === "batch");
  damaged.batch[damaged.batch.length - 1] ^= 1;
  await ingest.commit([stage.message([define(telemetry), batch(1, 4), damaged])]);
  const settled = [{ first: 2, last: 9 }];
  const asked = await ingest.answer(question({ settled }));
  deepStrictEqual(fromWire(asked.resend).map(({ ranges }) => ranges), [[{ first: 7, last: 9 }]]);
  strictEqual(ingest.counts.askedAgain, 3);
  await ingest.flush();
  const [line] = await stage.store.ledger(vehicle);
  deepStrictEqual([line.expected, line.onBoard], [9, [{ first: 7, last: 9 }]]);
  // The vehicle has taken its verdict back, and what it sends is fresh.
  const again = await ingest.answer(question({ settled: [{ first: 2, last: 6 }], onBoard: [{ first: 7, last: 9 }] }));
  deepStrictEqual([again.resend, again.committed], [[], []]);
  stage.told();
  await ingest.commit([stage.message([batch(6, 9)], "backfill")]);
  deepStrictEqual(stage.told(), { committed: [{ first: 7, last: 9 }], quarantined: [{ first: 6, last: 6 }] });
  deepStrictEqual(await stage.seqsIn("telemetry"), [1, 2, 3, 4, 7, 8, 9]);
  deepStrictEqual((await ingest.answer(question({ settled }))).resend, []);
});

scenario(
  "nothing is asked for again, and no inventory wanted, while the log may hold what the ledger lacks",
  async (stage) => {
    const messages = [stage.message([define(telemetry), batch(1, 4)]), stage.message([batch(5, 9)], "backfill")];
    const first = await stage.ingest();
    await first.commit(messages);
    // Its verdicts were told and its ledger is not flushed: the next owner reads the same again.
    await stage.clock.advance(1_000);
    const ingest = await stage.ingest();
    const settled = [{ first: 1, last: 9 }];
    const isComparing = async () => {
      const { resend, comparedBy } = await ingest.answer(question({ settled }));
      deepStrictEqual(resend, []);
      ingest.announce();
      return [comparedBy > 0n, stage.announced.splice(0).length > 0];
    };
    deepStrictEqual(await isComparing(), [false, false]);
    ingest.handleLogEnd("live", 1);
    await ingest.commit(messages.slice(0, 1));
    deepStrictEqual(await isComparing(), [false, false]);
    ingest.handleLogEnd("backfill", 2);
    deepStrictEqual(await isComparing(), [false, false]);
    await ingest.commit(messages.slice(1));
    deepStrictEqual(await isComparing(), [true, true]);
    strictEqual(ingest.counts.askedAgain, 0);
  },
);

scenario("every start of an owner is told apart from the one before", async (stage) => {
  const began: bigint[] = [];
  for (let start = 1; start <= 2; start++) {
    const ingest = await stage.ingest();
    endAt(ingest, { live: 0, backfill: 0 });
    ingest.announce();
    ingest.announce();
    const { comparedBy } = await ingest.answer(question({}));
    const told = stage.announced.splice(0);
    deepStrictEqual(told.map(({ partitions }) => partitions.length), [32, 32]);
    deepStrictEqual(told.map(({ beganNs }) => beganNs), [comparedBy, comparedBy]);
    began.push(comparedBy);
    await stage.clock.advance(1_000);
  }
  ok(began[0] < began[1]);
});

scenario("what waits for a suspended table is not asked for again", async (stage) => {
  stage.store = suspending(stage.store, "sick");
  const ingest = await stage.ingest();
  const sick = shapeOf("sick", [{ name: "a", type: "f64" }]);
  await ingest.commit([stage.message([define(sick), batch(1, 4, { shape: sick })])]);
  endAt(ingest, { live: 0, backfill: 0 });
  const { resend } = await ingest.answer(question({ settled: [{ first: 1, last: 5 }] }));
  deepStrictEqual(fromWire(resend).map(({ ranges }) => ranges), [[{ first: 5, last: 5 }]]);
});

scenario("rows that an older ledger forgot are written again without becoming double", async (stage) => {
  stage.bucket.set(telemetry.hash, encodeShape(telemetry));
  const first = await stage.ingest();
  await first.commit([stage.message([define(telemetry), batch(1, 4)])]);
  // A ledger that was never flushed, and a log that lost its messages: only the rows and the vehicle know.
  const ingest = await stage.ingest();
  endAt(ingest, { live: 1, backfill: 1 });
  await ingest.commit([stage.message([batch(5, 5)]), stage.message([], "backfill")]);
  const { resend } = await ingest.answer(question({ settled: [{ first: 1, last: 4 }] }));
  deepStrictEqual(fromWire(resend).map(({ ranges }) => ranges), [[{ first: 1, last: 4 }]]);
  stage.told();
  await ingest.commit([stage.message([batch(1, 4)], "backfill")]);
  deepStrictEqual(stage.told(), { committed: [{ first: 1, last: 4 }], quarantined: [] });
  deepStrictEqual(await stage.seqsIn("telemetry"), [1, 2, 3, 4, 5]);
});

/** The store, with one stream's table suspended. */
function suspending(store: Store, stream: string): Store {
  const write = async (blocks: Parameters<Store["write"]>[0]): Promise<WriteOutcome> => {
    const suspended = blocks.some(({ block }) => block.shape.stream === stream) ? [parseStream(stream)] : [];
    await store.write(blocks.filter(({ block }) => block.shape.stream !== stream));
    return { suspended };
  };
  return new Proxy(store, { get: (target, name) => name === "write" ? write : Reflect.get(target, name).bind(target) });
}
