import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { Fault } from "#proto/errors.ts";
import { parseEpoch, parseStream, parseVehicleId } from "#proto/ids.ts";
import { makeShape } from "#proto/shape.ts";
import { VirtualClock } from "#proto/testing/clock.ts";
import type { Log } from "#proto/ports.ts";
import type { KeptAside, QuarantineEntry } from "../lib/store/quarantine_entry.ts";
import type { RowBlock } from "../lib/store/rows.ts";
import type { Store } from "../lib/store/store.ts";
import { StoreWriter, type WritableStore } from "./store_writer.ts";

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };

function rowBlock(seq: number): RowBlock {
  return {
    vehicle: parseVehicleId("v1"),
    epoch: parseEpoch(1n),
    class: "normal",
    clockOffsetNs: 0n,
    block: {
      shape: makeShape(parseStream("telemetry"), []),
      seqs: Float64Array.of(seq),
      ts: BigInt64Array.of(1n),
      columns: [],
    },
  };
}

function storeThat(write: Store["write"], check: Store["check"] = () => Promise.resolve()): WritableStore {
  return { write, check, probe: check, quarantine: () => Promise.resolve() };
}

function asideAt(item: number, batch = Uint8Array.of(item)): KeptAside {
  const entry = { place: { lane: "live", partition: 0, sequence: 1, item }, reason: "damaged" };
  return { entry: entry as QuarantineEntry, batch };
}

/** A store that refuses each write with one of these blocks in it; it notes what it took, and how often it was asked. */
class PickyStore implements WritableStore {
  readonly taken: number[] = [];
  readonly kept: KeptAside[] = [];
  writes = 0;

  constructor(readonly refuses: (seq: number) => boolean, readonly refusesAside: (one: KeptAside) => boolean) {}

  write(blocks: readonly RowBlock[], aside: readonly KeptAside[] = []): Promise<{ suspended: [] }> {
    this.writes++;
    const seqs = blocks.map(({ block }) => block.seqs[0]);
    if (seqs.some(this.refuses) || aside.some(this.refusesAside)) {
      return Promise.reject(new Fault("store_failed", "no"));
    }
    this.taken.push(...seqs);
    this.kept.push(...aside);
    return Promise.resolve({ suspended: [] });
  }

  quarantine(aside: readonly KeptAside[]): Promise<void> {
    return this.write([], aside).then(() => undefined);
  }

  check = () => Promise.resolve();
  probe = () => Promise.resolve();
}

Deno.test("a store that refuses one block of many gets all the others", async () => {
  const taken = new Set<number>();
  const store = storeThat((blocks) => {
    if (blocks.some(({ block }) => block.seqs[0] === 5)) return Promise.reject(new Fault("store_failed", "poison"));
    for (const { block } of blocks) taken.add(block.seqs[0]);
    return Promise.resolve({ suspended: [] });
  });
  const clock = new VirtualClock();
  const blocks = [1, 2, 3, 4, 5, 6, 7].map(rowBlock);
  const { refused } = await clock.run(new StoreWriter({ store, clock, log: silent }).write(blocks));
  deepStrictEqual([...refused.keys()], [blocks[4].block]);
  deepStrictEqual([...taken].sort(), [1, 2, 3, 4, 6, 7]);
});

Deno.test("a store that is away is waited for, and nothing is refused", async () => {
  const clock = new VirtualClock();
  const backAtMs = clock.uptimeMs() + 60_000;
  const answer = () =>
    clock.uptimeMs() < backAtMs ? Promise.reject(new Fault("store_failed", "away")) : Promise.resolve();
  const store = storeThat(() => answer().then(() => ({ suspended: [] })), answer);
  const writer = new StoreWriter({ store, clock, log: silent });
  const writing = writer.write([1, 2].map(rowBlock));
  await clock.advance(30_000);
  strictEqual(writer.failing, "away");
  const { refused } = await clock.run(writing);
  strictEqual(refused.size, 0);
  strictEqual(writer.failing, undefined);
});

Deno.test("suspended streams are told", async () => {
  const telemetry = parseStream("telemetry");
  const store = storeThat(() => Promise.resolve({ suspended: [telemetry] }));
  const { suspended } = await new StoreWriter({ store, clock: new VirtualClock(), log: silent }).write([rowBlock(1)]);
  deepStrictEqual([...suspended], [telemetry]);
});

Deno.test("one bad block of a thousand is found by some twenty writes, and every other is written once", async () => {
  for (const bad of [1, 500, 777, 1000]) {
    const store = new PickyStore((seq) => seq === bad, () => false);
    const blocks = Array.from({ length: 1000 }, (_, at) => rowBlock(at + 1));
    const { refused } = await new StoreWriter({ store, clock: new VirtualClock(), log: silent }).write(blocks);
    deepStrictEqual([...refused.keys()], [blocks[bad - 1].block]);
    deepStrictEqual(
      store.taken.toSorted((a, b) => a - b),
      blocks.map(({ block }) => block.seqs[0]).filter((seq) => seq !== bad),
    );
    // Once all, twice for each of ten levels, once more alone.
    ok(store.writes <= 1 + 2 * 10 + 1, `${store.writes} writes for block ${bad}`);
  }
});

Deno.test("whichever blocks are bad, the good ones are all written, once, and the writes are bounded", async () => {
  await fc.assert(fc.asyncProperty(fc.array(fc.boolean(), { minLength: 1, maxLength: 64 }), async (isBad) => {
    const store = new PickyStore((seq) => isBad[seq - 1], () => false);
    const blocks = isBad.map((_, at) => rowBlock(at + 1));
    const { refused } = await new StoreWriter({ store, clock: new VirtualClock(), log: silent }).write(blocks);
    const seqsBy = (bad: boolean) => isBad.flatMap((one, at) => one === bad ? [at + 1] : []);
    deepStrictEqual([...refused.keys()].map(({ seqs }) => seqs[0]), seqsBy(true));
    deepStrictEqual(store.taken.toSorted((a, b) => a - b), seqsBy(false));
    const bad = seqsBy(true).length;
    ok(store.writes <= 1 + bad * (2 * Math.ceil(Math.log2(isBad.length)) + 1), `${store.writes} writes`);
  }));
});

Deno.test("a store whose disk is full answers and takes nothing: it is waited for, and nothing is refused", async () => {
  for (const aside of [[], [asideAt(1)]]) {
    const clock = new VirtualClock();
    const roomAtMs = clock.uptimeMs() + 60_000;
    const full = () => clock.uptimeMs() < roomAtMs;
    const store = new PickyStore(full, full);
    store.probe = () => full() ? Promise.reject(new Fault("store_failed", "full")) : Promise.resolve();
    const writer = new StoreWriter({ store, clock, log: silent });
    const { refused } = await clock.run(writer.write([1, 2, 3].map(rowBlock), aside));
    deepStrictEqual([refused.size, store.taken, store.kept], [0, [1, 2, 3], aside]);
  }
});

Deno.test("rows and what is kept aside go in one write, and apart when either is refused", async () => {
  const write = async (bad: { seq?: number; item?: number }) => {
    const store = new PickyStore(
      (seq) => seq === bad.seq,
      ({ entry, batch }) => entry.place.item === bad.item && batch?.length !== 0,
    );
    const writer = new StoreWriter({ store, clock: new VirtualClock(), log: silent });
    const { refused } = await writer.write([1, 2].map(rowBlock), [asideAt(1), asideAt(2)]);
    return { store, refused: refused.size };
  };
  const whole = await write({});
  deepStrictEqual([whole.store.writes, whole.store.kept.length, whole.refused], [1, 2, 0]);
  const badRow = await write({ seq: 2 });
  deepStrictEqual([badRow.store.taken, badRow.store.kept.length, badRow.refused], [[1], 2, 1]);
  // Bytes that the store does not take even aside: the entry stays, with the reason, and nothing waits.
  const badAside = await write({ item: 2 });
  deepStrictEqual([badAside.store.taken, badAside.refused], [[1, 2], 0]);
  const [first, second] = badAside.store.kept;
  deepStrictEqual([first.batch, second.batch], [Uint8Array.of(1), new Uint8Array(0)]);
  match(second.entry.reason, /^damaged; its bytes were refused by the store: no$/);
});
