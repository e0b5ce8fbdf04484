import { deepStrictEqual as equal } from "node:assert/strict";
import { parseEpoch, parseVehicleId } from "#proto/ids.ts";
import { keyPrefix, ledgerDocument, readLedger } from "./bookkeeping.ts";
import type { LedgerEntry } from "./store.ts";
import { vehicle } from "./testing/blocks.ts";

const entry: LedgerEntry = {
  vehicle,
  epoch: parseEpoch("5"),
  class: "bulk",
  sinceNs: 7n,
  expected: 9,
  committed: [{ first: 1, last: 3 }],
  quarantined: [{ first: 4, last: 4 }],
  inFlight: [],
  onBoard: [{ first: 5, last: 9 }],
  gaps: [{ first: 6, last: 6, cause: "damaged" }],
};

Deno.test("the keys of one vehicle begin as no other vehicle's do", () => {
  const longer = parseVehicleId(`${vehicle}-b`);
  equal(ledgerDocument({ ...entry, vehicle: longer }).key.startsWith(keyPrefix(vehicle)), false);
});

Deno.test("of twins the older start, the union of verdicts and the newer inventory remain", () => {
  const committed = [{ first: 3, last: 3 }, { first: 5, last: 5 }];
  const twin = { ...entry, sinceNs: 8n, expected: 4, committed, onBoard: [], gaps: [] };
  equal(readLedger(vehicle, [entry, twin].map(ledgerDocument)), [
    { ...entry, committed: [{ first: 1, last: 3 }, { first: 5, last: 5 }], onBoard: [] },
  ]);
});

Deno.test("entries come by the time that they began", () => {
  const later = { ...entry, epoch: parseEpoch("1"), sinceNs: 99n };
  equal(readLedger(vehicle, [later, entry].map(ledgerDocument)), [entry, later]);
});

Deno.test("of twins, what one has kept aside and the other has stored since is stored", () => {
  const twin = { ...entry, sinceNs: 8n, committed: [{ first: 4, last: 4 }], quarantined: [{ first: 7, last: 7 }] };
  const [{ committed, quarantined }] = readLedger(vehicle, [entry, twin].map(ledgerDocument));
  equal([committed, quarantined], [[{ first: 1, last: 4 }], [{ first: 7, last: 7 }]]);
});
