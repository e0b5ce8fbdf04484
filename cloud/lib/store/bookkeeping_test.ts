import { deepStrictEqual as equal } from "node:assert/strict";
import { parseEpoch, parseVehicleId } from "#proto/ids.ts";
import { keyPrefix, ledgerDocument, readLedger } from "./bookkeeping.ts";
import { inEdition } from "./editions.ts";
import type { LedgerEntry } from "./ledger_entry.ts";
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

Deno.test("of editions the older start, the union of verdicts, gaps and marks and the later inventory remain", () => {
  const gap = { first: 7, last: 9, cause: "overwritten" } as const;
  const other = {
    ...entry,
    sinceNs: 8n,
    expected: 12,
    committed: [{ first: 2, last: 5 }],
    inFlight: [{ first: 4, last: 11 }],
    onBoard: [],
    onBoardTo: 0,
    gaps: [...entry.gaps, gap],
    marks: [{ first: 2, last: 5, fromMs: 15, toMs: 50 }],
  };
  const merged = {
    ...other,
    sinceNs: 7n,
    committed: [{ first: 1, last: 5 }],
    quarantined: [],
    inFlight: [{ first: 6, last: 11 }],
    marks: [{ first: 1, last: 5, fromMs: 10, toMs: 50 }],
  };
  equal(readLedger(vehicle, [written(entry, 1n), written(other, 2n)]), [merged]);
  equal(readLedger(vehicle, [written(entry, 10n), written(other, 9n)]), [merged]);
});

Deno.test("entries come by the time that they began", () => {
  const later = { ...entry, epoch: parseEpoch("1"), sinceNs: 99n };
  equal(readLedger(vehicle, [written(later, 1n), written(entry, 1n)]), [entry, later]);
});

Deno.test("of editions, what one has kept aside and the other has stored since is stored", () => {
  const twin = { ...entry, sinceNs: 8n, committed: [{ first: 4, last: 4 }], quarantined: [{ first: 7, last: 7 }] };
  const [{ committed, quarantined }] = readLedger(vehicle, [written(entry, 1n), written(twin, 2n)]);
  equal([committed, quarantined], [[{ first: 1, last: 4 }], [{ first: 7, last: 7 }]]);
});

function written(line: LedgerEntry, edition: bigint) {
  return inEdition(ledgerDocument(line), edition);
}
