import { deepStrictEqual as equal, ok } from "node:assert/strict";
import { Fault } from "#proto/errors.ts";
import { VirtualClock } from "#proto/testing/clock.ts";
import type { Comparison, RowBlock } from "../lib/store/rows.ts";
import { blockOf, framesOf } from "../lib/store/testing/blocks.ts";
import { compareStored } from "./compare_stored.ts";
import { compareTriesMax } from "./limits.ts";
import { StoreWriter } from "./store_writer.ts";
import { silent } from "./testing/stage.ts";

const blocks = Array.from({ length: 9 }, () => blockOf("telemetry", framesOf([{ x: 1 }])));
const nothing: Comparison = { same: [], different: [], missing: [], stored: [] };

/** A store that `fails` is asked about before each answer; it counts how often it was asked to compare. */
class Asked {
  compared = 0;

  constructor(readonly fails: (blocks: readonly RowBlock[]) => boolean, readonly isAway = () => false) {}

  compare(blocks: readonly RowBlock[]): Promise<Comparison[]> {
    this.compared++;
    if (this.isAway() || this.fails(blocks)) return Promise.reject(new Fault("store_failed", "no"));
    return Promise.resolve(blocks.map(() => nothing));
  }

  check = () => this.isAway() ? Promise.reject(new Fault("store_failed", "away")) : Promise.resolve();
}

async function compare(store: Asked, clock: VirtualClock) {
  const unused = () => Promise.reject(new Error("not wanted here"));
  const whole = { ...{ write: unused, probe: unused, quarantine: unused }, check: store.check };
  const writer = new StoreWriter({ store: whole, clock, log: silent });
  return await clock.run(compareStored(blocks, { store, writer, clock }));
}

Deno.test("one question that a store cannot answer is told apart, its neighbours are answered", async () => {
  const store = new Asked((asked) => asked.includes(blocks[4]));
  const found = await compare(store, new VirtualClock());
  equal(blocks.map((block) => found.get(block) instanceof Fault), blocks.map((_, at) => at === 4));
  ok(store.compared <= compareTriesMax + 2 * Math.ceil(Math.log2(blocks.length)), `${store.compared} questions`);
});

Deno.test("a store that is away is waited for, for as long as it takes, and nothing is given up", async () => {
  const clock = new VirtualClock();
  const store = new Asked(() => false, () => clock.uptimeMs() < 1_800_000);
  const found = await compare(store, clock);
  ok(clock.uptimeMs() >= 1_800_000);
  equal([...found.values()], blocks.map(() => nothing));
});

Deno.test("a store in need that fails some questions and answers them later has them all answered", async () => {
  let left = compareTriesMax - 1;
  const found = await compare(new Asked((asked) => asked.includes(blocks[0]) && left-- > 0), new VirtualClock());
  equal([...found.values()], blocks.map(() => nothing));
});
