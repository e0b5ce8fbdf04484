import { deepStrictEqual as equal } from "node:assert/strict";
import { encodeShape } from "#proto/shape.ts";
import { epoch as someEpoch, vehicle as someVehicle } from "../lib/store/testing/blocks.ts";
import type { QuarantineEntry } from "../lib/store/quarantine_entry.ts";
import type { Store } from "../lib/store/store.ts";
import { parseRelayName } from "#proto/ids.ts";
import { Held } from "./held.ts";
import { batchOf, IngestStage, recordsOf, telemetry } from "./testing/stage.ts";

function entryOf(change: Partial<QuarantineEntry>): QuarantineEntry {
  return {
    vehicle: someVehicle,
    epoch: someEpoch,
    class: "normal",
    ranges: [{ first: 1, last: 2 }],
    code: "bad_batch",
    reason: "",
    place: { lane: "live", partition: 31, sequence: 7, item: 1 },
    relay: parseRelayName("dev"),
    receivedAtNs: 1n,
    bytes: 0,
    state: "kept",
    tries: 0,
    decidedAtNs: 0n,
    ...change,
  };
}

Deno.test("the entries of one item are joined, and what was stored since is told apart", () => {
  const held = new Held(2);
  equal(held.has(someVehicle), false);
  held.load(someVehicle, [
    entryOf({}),
    entryOf({ ranges: [{ first: 5, last: 6 }], state: "retried" }),
    entryOf({ ranges: [{ first: 9, last: 9 }], state: "dropped" }),
  ]);
  const item = { place: { lane: "live", partition: 31, sequence: 7 }, item: 1 } as const;
  equal(held.allOf(someVehicle, item).map(({ first }) => first), [1, 5, 9]);
  equal(held.unstoredOf(someVehicle, item).map(({ first }) => first), [1, 9]);
  equal([held.holds(someVehicle, item), held.holds(someVehicle, { ...item, item: 2 })], [true, false]);
  equal(held.unstoredOf(someVehicle, { ...item, item: 2 }), []);
});

Deno.test("of too many vehicles the first is forgotten, to be loaded again", () => {
  const held = new Held(1);
  const other = batchOf(recordsOf({ first: 1, last: 1 })).header.vehicle;
  const third = `${other}-b` as typeof other;
  held.load(other, [entryOf({})]);
  held.load(third, []);
  equal([held.has(other), held.has(third)], [true, true]);
  held.trim();
  equal([held.has(other), held.has(third)], [false, true]);
});

Deno.test("a replay does not write a body that was kept aside, although a lazy store may have lost rows", async () => {
  const written: unknown[] = [];
  // A store that writes the last that comes, as QuestDB does, would now hold what is listed here.
  const listing = (store: Store) => {
    const write: Store["write"] = (blocks, aside) => {
      for (const { block } of blocks) written.push(...(block.columns[0].values as Float64Array));
      return store.write(blocks, aside);
    };
    return new Proxy(store, { get: (whole, name) => name === "write" ? write : Reflect.get(whole, name).bind(whole) });
  };
  const stage = new IngestStage(listing);
  try {
    stage.bucket.set(telemetry.hash, encodeShape(telemetry));
    await stage.restart();
    await stage.send(batchOf(recordsOf({ first: 1, last: 3 })));
    await stage.ingest.flush();
    await stage.clock.advance(1_000_000);
    await stage.send(batchOf(recordsOf({ first: 2, last: 5 }, { value: (seq) => seq === 3 ? 99 : seq })));
    await stage.ingest.flush();
    equal(written.splice(0), [1, 2, 3, 4, 5]);
    await stage.restart({ replay: true });
    equal(written, [2, 4, 5]);
    equal((await stage.quarantined()).map(({ ranges }) => ranges), [[{ first: 3, last: 3 }]]);
  } finally {
    await stage.close();
  }
});
