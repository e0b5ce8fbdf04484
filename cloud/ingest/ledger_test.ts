import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";
import { parseEpoch, parseVehicleId } from "#proto/ids.ts";
import { Ledger, type LineKey } from "./ledger.ts";

const key: LineKey = { vehicle: parseVehicleId("v1"), epoch: parseEpoch(7n), class: "normal" };

function loaded(vehiclesMax = 10): Ledger {
  const ledger = new Ledger(vehiclesMax);
  ledger.load(key.vehicle, []);
  return ledger;
}

Deno.test("what is committed or quarantined has a verdict, the rest has not", () => {
  const ledger = loaded();
  ledger.commit(key, [{ first: 1, last: 10 }], 1n);
  ledger.quarantine(key, [{ first: 11, last: 12 }], 1n);
  deepStrictEqual(ledger.undecided(key, { first: 5, last: 20 }), [{ first: 13, last: 20 }]);
  strictEqual(ledger.linesOf(key.vehicle)[0].expected, 12);
});

Deno.test("a verdict ends the wait of what was in flight", () => {
  const ledger = loaded();
  ledger.hold(key, [{ first: 1, last: 4 }], 1n);
  ledger.commit(key, [{ first: 1, last: 3 }], 2n);
  const [line] = ledger.linesOf(key.vehicle);
  deepStrictEqual(line.inFlight, [{ first: 4, last: 4 }]);
  strictEqual(line.sinceNs, 1n);
});

Deno.test("a gap is noted once and raises what is expected", () => {
  const ledger = loaded();
  for (let i = 0; i < 2; i++) ledger.addGap(key, { first: 3, last: 9, cause: "overwritten" }, 1n);
  const [line] = ledger.linesOf(key.vehicle);
  strictEqual(line.gaps.length, 1);
  strictEqual(line.expected, 9);
});

Deno.test("changes are taken once, and come back when they could not be written", () => {
  const ledger = loaded();
  ledger.commit(key, [{ first: 1, last: 1 }], 1n);
  const taken = ledger.takeChanged();
  strictEqual(taken.length, 1);
  strictEqual(ledger.takeChanged().length, 0);
  ledger.commit(key, [{ first: 2, last: 2 }], 1n);
  ledger.giveBack(taken);
  deepStrictEqual(ledger.takeChanged()[0].committed, [{ first: 1, last: 2 }]);
});

Deno.test("the longest unused vehicle is forgotten, but not with changes that were never written", () => {
  const ledger = loaded(1);
  ledger.commit(key, [{ first: 1, last: 1 }], 1n);
  ledger.load(parseVehicleId("v2"), []);
  strictEqual(ledger.has(key.vehicle), true);
  ledger.takeChanged();
  ledger.load(parseVehicleId("v3"), []);
  strictEqual(ledger.has(parseVehicleId("v3")), true);
  strictEqual(ledger.has(parseVehicleId("v2")), false);
});

Deno.test("a vehicle whose lines were not loaded cannot be changed", () => {
  throws(() => new Ledger(1).commit(key, [{ first: 1, last: 1 }], 1n), /before it was loaded/);
});
