import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { parseEpoch, parseRelayName, parseVehicleId } from "#proto/ids.ts";
import { fromWire } from "./wire.ts";
import { noticesOf, type Verdict } from "./verdicts.ts";

function verdict(vehicle: string, shard: number, first: number): Verdict {
  return {
    vehicle: parseVehicleId(vehicle),
    address: { relay: parseRelayName("r"), shard, session: new Uint8Array(16) },
    committed: [{ epoch: parseEpoch(5n), class: "normal", ranges: [{ first, last: first }] }],
    quarantined: [],
  };
}

Deno.test("a vehicle's verdicts become one entry with joined ranges", () => {
  const [{ to, notice }, ...more] = noticesOf(
    [verdict("a", 0, 1), verdict("a", 0, 2)],
    () => ({ live: 7, backfill: 3 }),
  );
  strictEqual(more.length, 0);
  strictEqual(to.shard, 0);
  strictEqual(notice.passed?.live, 7n);
  deepStrictEqual(fromWire(notice.entries[0].committed), [{
    epoch: 5n,
    class: "normal",
    ranges: [{ first: 1, last: 2 }],
  }]);
});

Deno.test("each shard gets a notice of its own", () => {
  const shards = noticesOf([verdict("a", 0, 1), verdict("a", 1, 2)], () => undefined).map(({ to }) => to.shard);
  deepStrictEqual(shards, [0, 1]);
});
