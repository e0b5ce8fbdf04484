import { deepStrictEqual as equal, throws } from "node:assert/strict";
import { type Epoch, parseEpoch, parseRelayName, parseVehicleId } from "#proto/ids.ts";
import type { LedgerEntry } from "../lib/store/ledger_entry.ts";
import { epochsPage } from "./epochs_view.ts";

const [a, b, c] = [1n, 2n, 3n].map(parseEpoch);

function lineOf(epoch: Epoch, previous: Epoch | undefined, session: string): LedgerEntry {
  return {
    ...{ vehicle: parseVehicleId("drone-001"), epoch, class: "critical", sinceNs: epoch, expected: 3, marks: [] },
    ...{ committed: [{ first: 1, last: 2 }], quarantined: [], inFlight: [], onBoard: [], onBoardTo: 0, gaps: [] },
    opening: {
      ...{ previous, lasts: { critical: 2, event: 0, normal: 40, bulk: 0 }, reason: "start", boot: "aa", session },
      ...{ clockSynchronized: true, clockOffsetNs: 7n, openedAtNs: 100n, receivedAtNs: 200n },
      relay: parseRelayName("relay-1"),
    },
  };
}

const entries = [lineOf(a, undefined, "01"), lineOf(b, a, "02"), lineOf(c, a, "03")];

Deno.test("both sides of a fork name each other, with the session that each came through", () => {
  const { epochs, forks, more } = epochsPage(entries, { statement: undefined, limit: 10 });
  equal([forks, more], [["1"], false]);
  equal(epochs.map(({ epoch, previous, fork_with, session }) => [epoch, previous, fork_with, session]), [
    ["3", "1", ["2"], "03"],
    ["2", "1", ["3"], "02"],
    ["1", null, [], "01"],
  ]);
});

Deno.test("an epoch whose first record has not come is shown with what is known", () => {
  const { opening: _, ...line } = lineOf(a, undefined, "01");
  const { epochs: [view] } = epochsPage([{ ...line, class: "bulk" }], { statement: undefined, limit: 1 });
  equal([view.boot, view.opened_at, view.reaches], [null, null, { bulk: { expected: 3, stored: 2 } }]);
});

Deno.test("a page goes on behind the epoch named, and an unknown one is refused", () => {
  const page = epochsPage(entries, { statement: undefined, after: "3", limit: 1 });
  equal([page.epochs.map(({ epoch }) => epoch), page.more], [["2"], true]);
  throws(() => epochsPage(entries, { statement: undefined, after: "9", limit: 1 }), { code: "bad_query" });
});
