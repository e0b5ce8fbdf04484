import { deepStrictEqual } from "node:assert/strict";
import { parseEpoch, parseVehicleId } from "#proto/ids.ts";
import type { LedgerEntry } from "../lib/store/store.ts";
import { ledgerView } from "./ledger_view.ts";

const entry: LedgerEntry = {
  vehicle: parseVehicleId("drone-001"),
  epoch: parseEpoch("12"),
  class: "normal",
  sinceNs: 1n,
  expected: 100,
  committed: [{ first: 1, last: 10 }, { first: 21, last: 30 }],
  quarantined: [{ first: 11, last: 12 }],
  inFlight: [{ first: 31, last: 33 }],
  onBoard: [{ first: 40, last: 60 }],
  gaps: [
    { first: 13, last: 20, cause: "overwritten" },
    { first: 25, last: 45, cause: "damaged" },
    { first: 61, last: 62, cause: "refused" },
  ],
};

Deno.test("what is missing has the cause of the surest source, and rows that are stored are not missing", () => {
  deepStrictEqual(ledgerView([entry])[0].classes[0], {
    class: "normal",
    expected: 100,
    stored: entry.committed,
    missing: [
      { first: 11, last: 12, cause: "quarantined" },
      { first: 13, last: 20, cause: "overwritten" },
      { first: 31, last: 33, cause: "in_flight" },
      { first: 34, last: 45, cause: "vehicle_disk_lost" },
      { first: 46, last: 60, cause: "still_on_board" },
      { first: 61, last: 62, cause: "refused" },
      { first: 63, last: 100, cause: "unknown" },
    ],
    quarantined: entry.quarantined,
  });
});

Deno.test("classes stand under their epoch in order, and what came unannounced is expected too", () => {
  const ahead = { ...entry, class: "critical" as const, expected: 0, quarantined: [], gaps: [] };
  const empty = { ...ahead, epoch: parseEpoch("7"), committed: [] };
  const views = ledgerView([empty, entry, ahead]);
  deepStrictEqual(views.map((view) => [view.epoch, view.classes.map((each) => [each.class, each.expected])]), [
    ["7", [["critical", 0]]],
    ["12", [["critical", 30], ["normal", 100]]],
  ]);
  deepStrictEqual(views[0].classes[0].missing, []);
});
