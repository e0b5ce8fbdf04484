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
  onBoardTo: 9,
  gaps: [{ first: 6, last: 6, cause: "damaged" }],
  marks: [{ first: 1, last: 3, fromMs: 10, toMs: 20 }],
};

Deno.test("the keys of one vehicle begin as no other vehicle's do", () => {
  const longer = parseVehicleId(`${vehicle}-b`);
  equal(ledgerDocument({ ...entry, vehicle: longer }).key.startsWith(keyPrefix(vehicle)), false);
});

Deno.test("of twins the older start, the union of verdicts and the newer inventory remain", () => {
  const twin = {
    ...{ ...entry, sinceNs: 8n, expected: 4, committed: [{ first: 2, last: 5 }], onBoard: [], onBoardTo: 0, gaps: [] },
    marks: [{ first: 2, last: 5, fromMs: 15, toMs: 50 }],
  };
  equal(readLedger(vehicle, [entry, twin].map(ledgerDocument)), [
    {
      ...{ ...entry, committed: [{ first: 1, last: 5 }], onBoard: [], onBoardTo: 0 },
      marks: [{ first: 1, last: 5, fromMs: 10, toMs: 50 }],
    },
  ]);
});

Deno.test("entries come by the time that they began", () => {
  const later = { ...entry, epoch: parseEpoch("1"), sinceNs: 99n };
  equal(readLedger(vehicle, [later, entry].map(ledgerDocument)), [entry, later]);
});
