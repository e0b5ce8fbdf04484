/**
 * An owner that dies, fails or falls asleep at any call to its store, and one that takes over: in the end every row is there
 * once, the ledger is right and nothing is kept aside that should not be.
 */
import { deepStrictEqual as equal, ok } from "node:assert/strict";
import { encodeBatch } from "#proto/batch.ts";
import { type BundleItem, encodeBundle } from "#proto/bundle.ts";
import { classNumber } from "#proto/class.ts";
import { Fault } from "#proto/errors.ts";
import { parseEpoch, parseRelayName, parseStream, parseVehicleId } from "#proto/ids.ts";
import type { Log } from "#proto/ports.ts";
import { encodeShape, makeShape, type Shape } from "#proto/shape.ts";
import { partitionOf } from "#proto/subjects.ts";
import { VirtualClock } from "#proto/testing/clock.ts";
import type { Backend } from "../lib/store/backend.ts";
import { openSqlite } from "../lib/store/io/sqlite.ts";
import { createStore } from "../lib/store/table_store.ts";
import { Ingest } from "./ingest.ts";
import type { LogMessage } from "./log_message.ts";

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };
const vehicle = parseVehicleId("drone-001");
const epoch = parseEpoch(42n);
const startNs = 1_718_000_000_000_000_000n;
const narrow = makeShape(parseStream("telemetry"), [{ name: "a", type: "f64" }]);
const wide = makeShape(parseStream("telemetry"), [{ name: "a", type: "f64" }, { name: "b", type: "f64" }]);
const shapes: ReadonlyMap<string, Uint8Array> = new Map(
  [narrow, wide].map((shape) => [shape.hash, encodeShape(shape)]),
);

function batch(first: number, last: number, options: { shape?: Shape; value?: number } = {}): BundleItem {
  const shape = options.shape ?? narrow;
  const records = Array.from({ length: last - first + 1 }, (_, at) => {
    const seq = first + at;
    const values = shape.fields.map(() => options.value ?? seq);
    return { seq, ts: startNs + BigInt(seq) * 1_000_000n, shape, values };
  });
  const header = {
    vehicle,
    relay: parseRelayName("dev"),
    shard: 0,
    sessionSecret: new Uint8Array(16),
    receivedAtNs: startNs,
  };
  const bytes = encodeBatch(records, { epoch, class: classNumber("normal"), clockOffsetNs: 0n });
  return { kind: "batch", header, batch: bytes };
}

function damaged(item: BundleItem): BundleItem {
  ok(item.kind === "batch");
  return { ...item, batch: item.batch.map((byte, at) => at === item.batch.length - 1 ? byte ^ 1 : byte) };
}

/** Groups of messages as they lie in the log: fresh ones, repeats cut otherwise, a damaged one, one that lies, new columns. */
const groups: readonly (readonly LogMessage[])[] = [
  [[batch(1, 3)], [batch(4, 6), batch(2, 5)]],
  [[damaged(batch(7, 8))], [batch(1, 1, { value: 99 }), batch(9, 10, { shape: wide })]],
  [[batch(9, 12, { shape: wide }), batch(3, 3)]],
].reduce<LogMessage[][]>((all, group) => {
  const before = all.flat().length;
  return [
    ...all,
    group.map((items, at) => ({
      place: { lane: "live", partition: partitionOf(vehicle), sequence: before + at + 1 },
      tenure: 1,
      placedAtNs: startNs,
      bytes: encodeBundle(items),
    })),
  ];
}, []);
const log = { id: "log", first: 1, last: groups.flat().length };

/** An owner over a shared database; every call of its store goes through `gate`. */
function owner(base: Backend, { edition, clock, gate }: { edition: bigint; clock: VirtualClock; gate: Gate }): Ingest {
  const backend = new Proxy(base, {
    get: (target, name) => {
      const found = Reflect.get(target, name);
      return typeof found === "function" ? (...args: unknown[]) => gate(() => found.apply(target, args)) : found;
    },
  });
  return new Ingest({
    store: createStore(backend, edition),
    shapes: { find: (hash) => Promise.resolve(shapes.get(hash)) },
    verdicts: { publish: () => {}, announce: () => {} },
    proofs: undefined,
    clock,
    log: silent,
  });
}

type Gate = (call: () => Promise<unknown>) => Promise<unknown>;
const open: Gate = (call) => call();

/** Takes over and works what lies behind the checkpoint, with a flush behind each group. */
async function work(ingest: Ingest): Promise<void> {
  await ingest.own([partitionOf(vehicle)], { log });
  for (const group of groups) {
    await ingest.commit(group);
    await ingest.flush();
  }
}

async function assertRight(base: Backend, name: string): Promise<void> {
  const store = createStore(base, 9n);
  const { rows } = await store.rows({ vehicle, stream: parseStream("telemetry"), limit: 100 });
  const stored = [1, 2, 3, 4, 5, 6].map((seq) => [seq, seq, null]);
  equal(rows.map(({ seq, values }) => [seq, values.a, values.b]), [
    ...stored,
    ...[9, 10, 11, 12].map((seq) => [seq, seq, seq]),
  ], name);
  const [line, ...others] = await store.ledger(vehicle);
  equal(others, [], name);
  equal([line.committed, line.quarantined, line.inFlight], [
    [{ first: 1, last: 6 }, { first: 9, last: 12 }],
    [{ first: 7, last: 8 }],
    [],
  ], name);
  const { entries } = await store.quarantined(vehicle, { limit: 100 });
  equal(entries.map(({ code, place }) => [code, place.sequence]), [["different_body", 4], ["bad_batch", 3]], name);
  equal((await store.checkpoint(partitionOf(vehicle)))?.places.at(-1)?.live, log.last, name);
}

/** Runs a case for each call that an owner makes in all of its work. */
async function atEveryCall(run: (base: Backend, at: number) => Promise<void>): Promise<void> {
  let calls = 0;
  const counted = openSqlite({ path: ":memory:" });
  const gate: Gate = (call) => (calls++, call());
  await work(owner(counted, { edition: 1n, clock: new VirtualClock(), gate }));
  await assertRight(counted, "nothing happened");
  await counted.close();
  ok(calls > 20, `${calls} calls`);
  for (let at = 1; at <= calls; at++) {
    const base = openSqlite({ path: ":memory:" });
    await run(base, at);
    await assertRight(base, `call ${at} of ${calls}`);
    await base.close();
  }
}

for (const when of ["before", "after"] as const) {
  Deno.test(`an owner that dies ${when} any call of its store has its work done by the next one`, async () => {
    await atEveryCall(async (base, at) => {
      const died = Promise.withResolvers<void>();
      let calls = 0;
      const gate: Gate = async (call) => {
        if (++calls < at) return await call();
        if (calls === at && when === "after") await call();
        died.resolve();
        return await new Promise(() => {});
      };
      work(owner(base, { edition: 1n, clock: new VirtualClock(), gate }));
      await died.promise;
      await work(owner(base, { edition: 2n, clock: new VirtualClock(), gate: open }));
    });
  });

  Deno.test(`an owner whose store fails once, ${when} the effect of any call, goes on`, async () => {
    await atEveryCall(async (base, at) => {
      const clock = new VirtualClock();
      let calls = 0;
      const gate: Gate = async (call) => {
        if (++calls !== at) return await call();
        if (when === "after") await call();
        throw new Fault("store_failed", "failed once");
      };
      const ingest = owner(base, { edition: 1n, clock, gate });
      const insist = async (step: () => Promise<unknown>) => await step().catch(step);
      await clock.run(insist(() => ingest.own([partitionOf(vehicle)], { log })));
      // A refused take-over counts none.
      for (const group of groups) {
        await clock.run(ingest.commit(group));
        await clock.run(insist(() => ingest.flush()));
      }
    });
  });
}

/** Sleeps at a call and makes it when it wakes up; after that it goes on, or finds that it has lost its lease. */
function sleeper(at: number, goesOn: boolean) {
  const [asleep, awake, over] = [0, 1, 2].map(() => Promise.withResolvers<void>());
  let calls = 0;
  const gate: Gate = async (call) => {
    if (++calls > at && !goesOn) return await new Promise(() => {});
    if (calls !== at) return await call();
    asleep.resolve();
    await awake.promise;
    return await call().finally(over.resolve);
  };
  return { gate, asleep: asleep.promise, wake: () => awake.resolve(), madeItsCall: over.promise };
}

for (
  const { name, goesOn, edition } of [
    { name: "and writes on when it wakes up", goesOn: true, edition: 1n },
    { name: "and makes that call alone when it wakes up", goesOn: false, edition: 1n },
    { name: "and makes that call alone when it wakes up, though it began later", goesOn: false, edition: 5n },
  ]
) {
  Deno.test(`an owner that falls asleep at any call, is replaced ${name}, does no harm`, async () => {
    await atEveryCall(async (base, at) => {
      const { gate, asleep, wake, madeItsCall } = sleeper(at, goesOn);
      const late = work(owner(base, { edition, clock: new VirtualClock(), gate }));
      await asleep;
      const next = owner(base, { edition: 2n, clock: new VirtualClock(), gate: open });
      await work(next);
      wake();
      await (goesOn ? late : madeItsCall);
      // Its checkpoint may be older than that of the next one, which writes its own as soon as there is something new.
      await next.own([partitionOf(vehicle)], { log });
      await next.commit(groups.flat().map((message) => ({ ...message, tenure: 2 })));
      await next.flush();
    });
  });
}

Deno.test("an owner that gets a partition back knows what was done meanwhile", async () => {
  const base = openSqlite({ path: ":memory:" });
  const clock = new VirtualClock();
  const [one, two] = [1n, 2n].map((edition) => owner(base, { edition, clock, gate: open }));
  const partitions = [partitionOf(vehicle)];
  await one.own(partitions, { log });
  await one.commit(groups[0]);
  await one.flush();
  one.disown(partitions);
  await two.own(partitions, { log });
  await two.commit(groups[1]);
  await two.flush();
  two.disown(partitions);
  const { tenure, from } = await one.own(partitions, { log });
  equal(from, { live: 4, backfill: 0 });
  // What two has stored must be compared by one, which finds it equal.
  await one.commit(groups[2].map((message) => ({ ...message, tenure })));
  await one.flush();
  equal(one.counts.repeated, 3);
  await assertRight(base, "handed to and fro");
  await base.close();
});
