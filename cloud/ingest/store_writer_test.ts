import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { Fault } from "#proto/errors.ts";
import { parseEpoch, parseStream, parseVehicleId } from "#proto/ids.ts";
import { makeShape } from "#proto/shape.ts";
import { VirtualClock } from "#proto/testing/clock.ts";
import type { Log } from "#proto/ports.ts";
import type { RowBlock, Store } from "../lib/store/store.ts";
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
