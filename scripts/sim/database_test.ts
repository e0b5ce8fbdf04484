import { deepEqual, equal } from "node:assert/strict";
import { testStore } from "#cloud/lib/store/store_suite.ts";
import { createStore } from "#cloud/lib/store/table_store.ts";
import { blockOf, framesOf } from "#cloud/lib/store/testing/blocks.ts";
import { seededRandom } from "#proto/testing/random.ts";
import { Database, type DatabaseKind } from "./database.ts";
import { Life, Machine } from "./machine.ts";
import { goodStore, memoryBackend } from "./memory_backend.ts";
import { VirtualTime } from "./virtual_time.ts";

function makeDatabase(kind: DatabaseKind) {
  const time = new VirtualTime();
  const database = new Database({ kind, time });
  const conditions = goodStore();
  const events = { failed() {}, unanswered() {}, refused() {}, suspended() {}, committed() {} };
  const life = new Life(new Machine(time));
  const open = (edition = 7n) =>
    createStore(memoryBackend({ life, database, conditions, random: seededRandom(1), events }), edition);
  return { time, database, conditions, store: open(), open };
}

/** What a store promises, waited for in virtual time. */
async function within<T>(time: VirtualTime, work: Promise<T>): Promise<T> {
  let isOver = false;
  work.then(() => isOver = true, () => isOver = true);
  while (!isOver) await time.runTo(time.nowMs + 1_000);
  return await work;
}

const rows = [blockOf("telemetry", framesOf([{ a: 1 }, { a: 2 }, { a: 3 }]))];

Deno.test("a commit shows at once; a power cut takes the newest that the disk of a lazy store lacks", async () => {
  const left = new Set<number>();
  for (let seed = 1; seed < 20; seed++) {
    const { time, database, store } = makeDatabase("lazy");
    await within(time, store.write(rows));
    const count = () => [...database.rows()].length;
    equal(count(), 3);
    database.powerCut(seededRandom(seed));
    left.add(count());
    // What is on the disk stays.
    const before = count();
    database.powerCut(seededRandom(seed));
    equal(count(), before);
  }
  deepEqual([...left].sort(), [0, 1, 2, 3]);
});

Deno.test("a durable store keeps all", async () => {
  const { time, database, store } = makeDatabase("durable");
  await within(time, store.write(rows));
  for (let seed = 1; seed < 20; seed++) equal(database.powerCut(seededRandom(seed)), 0);
  equal([...database.rows()].length, 3);
});

Deno.test("a suspended table takes rows, names itself, and shows them when it goes on", async () => {
  const { time, database, store } = makeDatabase("lazy");
  database.suspend("telemetry");
  deepEqual(await within(time, store.write(rows)), { suspended: ["telemetry"] });
  equal([...database.rows()].length, 0);
  database.resume("telemetry");
  equal([...database.rows()].length, 3);
});

Deno.test("rows are known again for as long as they are meant to be", async () => {
  const time = new VirtualTime();
  const database = new Database({ kind: "lazy", time, recognizedMs: 1_000 });
  const conditions = goodStore();
  const events = { failed() {}, unanswered() {}, refused() {}, suspended() {}, committed() {} };
  const life = new Life(new Machine(time));
  const store = createStore(memoryBackend({ life, database, conditions, random: seededRandom(1), events }), 1n);
  await within(time, store.write(rows));
  equal([...database.rows()].length, 3);
  await time.runTo(time.nowMs + 2_000);
  await within(time, store.write(rows));
  equal([...database.rows()].length, 6);
});

for (const kind of ["lazy", "durable"] as const) {
  testStore({
    name: `${kind} database in memory`,
    rounds: 2,
    database: () => {
      const { time, open } = makeDatabase(kind);
      let isRemoved = false;
      const tick = async () => {
        while (!isRemoved) await time.runTo(time.nowMs + 1_000);
      };
      void tick();
      return Promise.resolve({ open, remove: () => Promise.resolve(void (isRemoved = true)) });
    },
  });
}
