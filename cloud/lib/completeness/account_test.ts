import { deepStrictEqual as equal } from "node:assert/strict";
import { parseEpoch, parseRelayName, parseVehicleId } from "#proto/ids.ts";
import type { LedgerEntry } from "../store/ledger_entry.ts";
import { accountOf, addCounts, countsOf, noCounts, stateOf } from "./account.ts";

const vehicle = parseVehicleId("drone-001");
const line: LedgerEntry = {
  ...{ vehicle, epoch: parseEpoch("7"), class: "normal", sinceNs: 1n, expected: 10, marks: [], gaps: [] },
  ...{ committed: [{ first: 1, last: 4 }], quarantined: [{ first: 5, last: 5 }], inFlight: [] },
  ...{ onBoard: [{ first: 6, last: 10 }], onBoardTo: 10 },
};
const statement = {
  ...{ atNs: 2n, relay: parseRelayName("relay-1"), session: "aa", epochs: [line.epoch], isCut: false },
};

Deno.test("an account counts what all lines lack, by cause", () => {
  const bulk: LedgerEntry = {
    ...line,
    class: "bulk",
    committed: [{ first: 1, last: 10 }],
    quarantined: [],
    onBoard: [],
  };
  const parts = { lines: [line, bulk], statement, heardNs: 3n, before: undefined, nowNs: 4n };
  equal(accountOf(vehicle, parts), {
    ...{ vehicle, heardNs: 3n, statement, forks: 0 },
    counts: { expected: 20, stored: 14, missing: { ...noCounts.missing, quarantined: 1, still_on_board: 5 } },
    waiting: { first: "7/normal/6", sinceNs: 4n },
  });
});

Deno.test("the oldest range to come is waited for since it is the oldest; what stays missing is not waited for", () => {
  const parts = { lines: [line], statement, heardNs: 3n };
  const before = accountOf(vehicle, { ...parts, before: undefined, nowNs: 4n });
  equal(accountOf(vehicle, { ...parts, before, nowNs: 9n }).waiting?.sinceNs, 4n);
  const moved = { ...parts, lines: [{ ...line, committed: [{ first: 1, last: 6 }] }] };
  equal(accountOf(vehicle, { ...moved, before, nowNs: 9n }).waiting, { first: "7/normal/7", sinceNs: 9n });
  const lost = { ...parts, lines: [{ ...line, onBoard: [], expected: 5 }] };
  equal(accountOf(vehicle, { ...lost, before, nowNs: 9n }).waiting, undefined);
});

Deno.test("a vehicle is complete, or something is to come, or what is missing stays so", () => {
  const counts = (cause: "in_flight" | "still_on_board" | "unknown" | "overwritten") =>
    countsOf(3, [{ first: 4, last: 5, cause }]);
  equal(stateOf(countsOf(3, [])), "complete");
  equal((["in_flight", "still_on_board"] as const).map((cause) => stateOf(counts(cause))), ["arriving", "arriving"]);
  equal((["unknown", "overwritten"] as const).map((cause) => stateOf(counts(cause))), ["short", "short"]);
  equal(stateOf(addCounts(counts("overwritten"), counts("in_flight"))), "arriving");
});
