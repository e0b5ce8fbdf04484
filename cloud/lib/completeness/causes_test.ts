/** One line each of the table at the head of `causes.ts`; that causes are true is shown by `ingest/ledger_model_test.ts`. */
import { deepStrictEqual as equal } from "node:assert/strict";
import { type Epoch, parseEpoch, parseRelayName, parseVehicleId } from "#proto/ids.ts";
import type { EpochOpening, LedgerEntry } from "../store/ledger_entry.ts";
import type { Statement } from "../store/vehicle_account.ts";
import { missingOf, testimonyOf } from "./causes.ts";

const [a, b, c] = [1n, 2n, 3n].map(parseEpoch);
const relay = parseRelayName("relay-1");

const line: LedgerEntry = {
  ...{ vehicle: parseVehicleId("drone-001"), epoch: a, class: "normal", sinceNs: 1n, expected: 10, marks: [] },
  ...{ committed: [{ first: 1, last: 5 }], quarantined: [], inFlight: [], onBoard: [], onBoardTo: 0, gaps: [] },
};

function openingOf(previous: Epoch | undefined, normal: number): EpochOpening {
  return {
    ...{ previous, lasts: { critical: 1, event: 0, normal, bulk: 0 }, reason: "start", boot: "aa", relay },
    ...{ clockSynchronized: true, clockOffsetNs: 0n, openedAtNs: 1n, receivedAtNs: 1n, session: "aa" },
  };
}

/** The critical line of an epoch: its opening alone. */
function opened(epoch: Epoch, opening: EpochOpening): LedgerEntry {
  return { ...line, epoch, class: "critical", expected: 1, committed: [{ first: 1, last: 1 }], onBoardTo: 1, opening };
}

function said(epochs: readonly Epoch[], isCut = false): Statement {
  return { atNs: 5n, relay, session: "aa", epochs, isCut };
}

function causesOf(one: LedgerEntry, others: readonly LedgerEntry[], statement: Statement | undefined): string {
  const missing = missingOf(one, testimonyOf([one, ...others], statement));
  return missing.map(({ first, last, cause }) => `${first}-${last} ${cause}`).join(", ");
}

const first = opened(a, openingOf(undefined, 0));
const next = opened(b, openingOf(a, 10));

Deno.test("a line's own sources come before what the vehicle says of itself", () => {
  const full: LedgerEntry = {
    ...line,
    expected: 20,
    quarantined: [{ first: 6, last: 6 }],
    inFlight: [{ first: 7, last: 7 }],
    onBoard: [{ first: 1, last: 20 }],
    onBoardTo: 20,
    gaps: [
      { first: 4, last: 8, cause: "overwritten" },
      { first: 9, last: 9, cause: "refused" },
      { first: 10, last: 10, cause: "disk_lost" },
      { first: 11, last: 11, cause: "damaged" },
    ],
  };
  equal(
    causesOf(full, [first], said([a])),
    "6-6 quarantined, 7-7 in_flight, 8-8 overwritten, 9-9 refused, 10-11 vehicle_disk_lost, " +
      "12-20 still_on_board",
  );
});

Deno.test("without a statement nobody can tell", () => {
  equal(causesOf(line, [first], undefined), "6-10 unknown");
});

Deno.test("of the newest epoch listed, what was made durable since is on board, and what it does not list is not", () => {
  const stated = { ...line, onBoard: [{ first: 6, last: 7 }], onBoardTo: 8 };
  equal(causesOf(stated, [first], said([a])), "6-7 still_on_board, 8-8 unknown, 9-10 still_on_board");
  equal(causesOf(stated, [first], said([a], true)), "6-7 still_on_board, 8-10 unknown");
});

Deno.test("an epoch that the disk went on from before its end is lost behind that: a restored disk", () => {
  const restored = opened(c, openingOf(a, 7));
  const stated = { ...line, onBoard: [{ first: 6, last: 6 }], onBoardTo: 7 };
  equal(
    causesOf(stated, [first, next, restored], said([a, c])),
    "6-6 still_on_board, 7-7 unknown, 8-10 vehicle_disk_lost",
  );
  equal(causesOf(line, [first, next, restored], said([c])), "6-7 unknown, 8-10 vehicle_disk_lost");
});

Deno.test("an epoch that the vehicle no longer lists and does not descend from is lost with its disk", () => {
  const fresh = opened(c, openingOf(undefined, 0));
  equal(causesOf(line, [first, fresh], said([c])), "6-10 vehicle_disk_lost");
  equal(causesOf(line, [first, fresh], said([c], true)), "6-10 unknown");
});

Deno.test("while older gap records or openings are outstanding, what is not listed may have another cause", () => {
  const fresh = opened(c, openingOf(undefined, 0));
  equal(causesOf(line, [first, { ...fresh, expected: 2, onBoardTo: 2 }], said([c])), "6-10 unknown");
  equal(causesOf(line, [first, { ...fresh, expected: 2, onBoardTo: 1 }], said([c])), "6-10 vehicle_disk_lost");
  equal(causesOf(line, [first, opened(c, openingOf(b, 0))], said([c])), "6-10 unknown");
  equal(causesOf(line, [first], said([c])), "6-10 unknown");
});

Deno.test("an epoch first heard of since the statement is new when there are rows of it", () => {
  const newer = { ...line, epoch: b, sinceNs: 6n };
  equal(causesOf(newer, [first], said([a])), "6-10 still_on_board");
  equal(causesOf({ ...newer, committed: [] }, [first], said([a])), "1-10 unknown");
});

Deno.test("a complete line lacks nothing, and neither does one of which nothing is expected", () => {
  equal(causesOf({ ...line, expected: 5 }, [], undefined), "");
  equal(causesOf({ ...line, expected: 0, committed: [] }, [], undefined), "");
});
