import { deepEqual, equal, rejects } from "node:assert/strict";
import { Fault } from "#proto/errors.ts";
import { VirtualClock } from "#proto/testing/clock.ts";
import { shapeCacheBytesMax, shapeStoreRetryMs } from "./limits.ts";
import { ShapeShelf } from "./shape_shelf.ts";

function memoryStore() {
  const kept = new Map<string, Uint8Array>();
  const state = { kept, isAway: false, writes: 0, reads: 0 };
  const check = () => {
    if (state.isAway) throw new Fault("unavailable", "Cannot reach the store: it is away");
  };
  return {
    state,
    read: (hash: string) => {
      state.reads++;
      return Promise.resolve().then(check).then(() => kept.get(hash));
    },
    keep: (hash: string, definition: Uint8Array) => {
      state.writes++;
      return Promise.resolve().then(check).then(() => void kept.set(hash, definition));
    },
  };
}

const definition = (size = 4) => new Uint8Array(size);
const never = new AbortController().signal;

Deno.test("definitions are found in the store once and then at hand", async () => {
  const store = memoryStore();
  store.state.kept.set("aa", definition());
  const shelf = new ShapeShelf({ store, clock: new VirtualClock() });
  deepEqual([...(await shelf.find(["aa", "bb"])).keys()], ["aa"]);
  deepEqual([...(await shelf.find(["aa"])).keys()], ["aa"]);
  equal(store.state.reads, 2);
});

Deno.test("a fleet that brings the same new shape writes it once", async () => {
  const store = memoryStore();
  const shelf = new ShapeShelf({ store, clock: new VirtualClock() });
  await Promise.all(Array.from({ length: 50 }, () => shelf.keep({ hash: "aa", definition: definition() }, never)));
  await shelf.keep({ hash: "aa", definition: definition() }, never);
  equal(store.state.writes, 1);
  equal(shelf.has("aa"), true);
});

Deno.test("while the store is away a definition waits, and goes in when it is back", async () => {
  const store = memoryStore();
  const clock = new VirtualClock();
  const shelf = new ShapeShelf({ store, clock });
  store.state.isAway = true;
  const keeping = shelf.keep({ hash: "aa", definition: definition() }, never);
  await clock.advance(shapeStoreRetryMs * 3);
  equal(shelf.has("aa"), false);
  store.state.isAway = false;
  await clock.run(keeping);
  equal(store.state.kept.has("aa"), true);
  deepEqual([...(await shelf.find(["aa", "bb"])).keys()], ["aa"]);
});

Deno.test("a session that ends no longer waits for the store", async () => {
  const store = memoryStore();
  const clock = new VirtualClock();
  const shelf = new ShapeShelf({ store, clock });
  store.state.isAway = true;
  const over = new AbortController();
  const keeping = shelf.keep({ hash: "aa", definition: definition() }, over.signal);
  const rejected = rejects(keeping);
  await clock.advance(10);
  over.abort();
  await rejected;
});

Deno.test("an inventory waits for a store that is away no longer than for one group of reads", async () => {
  const store = memoryStore();
  store.state.isAway = true;
  const shelf = new ShapeShelf({ store, clock: new VirtualClock() });
  equal((await shelf.find(Array.from({ length: 500 }, (_, i) => `${i}`))).size, 0);
  equal(store.state.reads < 100, true);
});

Deno.test("the shelf is bounded in bytes and lets the one unused for longest go", async () => {
  const store = memoryStore();
  const shelf = new ShapeShelf({ store, clock: new VirtualClock() });
  const size = shapeCacheBytesMax / 4;
  for (const hash of ["a", "b", "c", "d"]) await shelf.keep({ hash, definition: definition(size) }, never);
  shelf.has("a");
  await shelf.keep({ hash: "e", definition: definition(size) }, never);
  deepEqual(["a", "b", "c", "d", "e"].map((hash) => shelf.has(hash)), [true, false, true, true, true]);
  equal(shelf.bytes <= shapeCacheBytesMax, true);
});
