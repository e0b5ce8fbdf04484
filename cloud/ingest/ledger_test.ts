import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";
import { parseEpoch, parseRelayName, parseVehicleId } from "#proto/ids.ts";
import { rangesPerMessageMax } from "#proto/limits.ts";
import type { EpochOpening, LinkEvidence } from "../lib/store/ledger_entry.ts";
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

Deno.test("gaps of one cause that touch are one", () => {
  const ledger = loaded();
  ledger.addGap(key, { first: 3, last: 5, cause: "overwritten" }, 1n);
  ledger.addGap(key, { first: 9, last: 9, cause: "damaged" }, 1n);
  ledger.addGap(key, { first: 6, last: 8, cause: "overwritten" }, 1n);
  deepStrictEqual(ledger.linesOf(key.vehicle)[0].gaps, [
    { first: 9, last: 9, cause: "damaged" },
    { first: 3, last: 8, cause: "overwritten" },
  ]);
});

Deno.test("changes are taken once, and come back when they could not be written", () => {
  const ledger = loaded();
  ledger.commit(key, [{ first: 1, last: 1 }], 1n);
  const taken = ledger.takeChanged(2n);
  deepStrictEqual([taken.lines.length, taken.accounts.length], [1, 1]);
  deepStrictEqual(ledger.takeChanged(3n), { lines: [], accounts: [] });
  ledger.commit(key, [{ first: 2, last: 2 }], 1n);
  ledger.giveBack(taken);
  deepStrictEqual(ledger.takeChanged(4n).lines[0].committed, [{ first: 1, last: 2 }]);
  ledger.giveBack(taken);
  strictEqual(ledger.takeChanged(5n).accounts[0].counts.stored, 2);
});

Deno.test("the longest unused vehicle is forgotten, but not with changes that were never written", () => {
  const ledger = loaded(1);
  ledger.commit(key, [{ first: 1, last: 1 }], 1n);
  ledger.load(parseVehicleId("v2"), []);
  ledger.trim();
  strictEqual(ledger.has(key.vehicle), true);
  ledger.takeChanged(2n);
  ledger.load(parseVehicleId("v3"), []);
  ledger.trim();
  strictEqual(ledger.has(parseVehicleId("v3")), true);
  strictEqual(ledger.has(parseVehicleId("v2")), false);
});

Deno.test("a vehicle whose lines were not loaded cannot be changed", () => {
  throws(() => new Ledger(1).commit(key, [{ first: 1, last: 1 }], 1n), /before it was loaded/);
});

Deno.test("an inventory replaces the one before, of lines too that it does not name", () => {
  const ledger = loaded();
  const through = { relay: parseRelayName("relay-1"), session: "aa" };
  const { vehicle, epoch } = key;
  const line = (
    name: "normal" | "bulk",
    first: number,
    last: number,
  ) => [{ epoch, class: name, ranges: [{ first, last }] }];
  ledger.takeInventory(vehicle, { onBoard: line("normal", 3, 5), durable: line("normal", 9, 9), through }, 1n);
  deepStrictEqual(statedOf(ledger), [["normal", 9, [{ first: 3, last: 5 }], 9]]);
  ledger.takeInventory(vehicle, { onBoard: [], durable: line("bulk", 2, 2), through }, 2n);
  deepStrictEqual(statedOf(ledger), [["normal", 9, [], 9], ["bulk", 2, [], 2]]);
  const [account] = ledger.takeChanged(3n).accounts;
  deepStrictEqual(account.statement, { ...through, atNs: 2n, epochs: [epoch], isCut: false });
  strictEqual(account.heardNs, 2n);
});

Deno.test("an inventory that had no room for all speaks of what it lists and of no more", () => {
  const ledger = loaded();
  const through = { relay: parseRelayName("relay-1"), session: "aa" };
  const { vehicle, epoch } = key;
  const ranges = Array.from({ length: rangesPerMessageMax }, (_, at) => ({ first: 2 * at + 1, last: 2 * at + 1 }));
  const durable = [{ epoch, class: "normal" as const, ranges: [{ first: 9_000, last: 9_000 }] }];
  ledger.takeInventory(vehicle, { onBoard: [{ epoch, class: "normal", ranges }], durable, through }, 1n);
  const [{ expected, onBoardTo }] = ledger.linesOf(vehicle);
  deepStrictEqual([expected, onBoardTo], [9_000, 2 * rangesPerMessageMax - 1]);
});

Deno.test("an epoch's opening is kept as it came first", () => {
  const ledger = loaded();
  const opening: EpochOpening = {
    ...{ previous: undefined, reason: "start", boot: "aa", clockSynchronized: true, clockOffsetNs: 0n },
    ...{ lasts: { critical: 0, event: 0, normal: 0, bulk: 0 }, openedAtNs: 5n, receivedAtNs: 6n },
    ...{ relay: parseRelayName("relay-1"), session: "aa" },
  };
  ledger.openEpoch(key, opening, 1n);
  ledger.openEpoch(key, { ...opening, receivedAtNs: 7n, session: "bb" }, 2n);
  const [line] = ledger.linesOf(key.vehicle);
  deepStrictEqual([line.class, line.opening], ["critical", opening]);
});

Deno.test("an owner that begins in the middle of a session keeps what was known of its beginning", () => {
  const ledger = loaded();
  const session = "aa";
  const opening: EpochOpening = {
    ...{ previous: undefined, reason: "start", boot: "aa", clockSynchronized: true, clockOffsetNs: 0n },
    ...{ lasts: { critical: 0, event: 0, normal: 0, bulk: 0 }, openedAtNs: 5n, receivedAtNs: 6n },
    ...{ relay: parseRelayName("relay-1"), session },
    link: { agentVersion: "1.2", clockOffset: { firstNs: 10n, lastNs: 20n, lastAtNs: 7n } },
  };
  const linkAfter = (link: LinkEvidence) => {
    ledger.noteLink(key.vehicle, { session, link }, 9n);
    return ledger.linesOf(key.vehicle)[0].opening?.link;
  };
  ledger.openEpoch(key, opening, 1n);
  deepStrictEqual(linkAfter({ agentVersion: "", clockOffset: undefined }), opening.link);
  const later = { agentVersion: "", clockOffset: { firstNs: 30n, lastNs: 30n, lastAtNs: 8n } };
  const merged = { agentVersion: "1.2", clockOffset: { firstNs: 10n, lastNs: 30n, lastAtNs: 8n } };
  deepStrictEqual(linkAfter(later), merged);
  ledger.noteLink(key.vehicle, { session: "bb", link: { agentVersion: "2", clockOffset: undefined } }, 9n);
  deepStrictEqual(ledger.linesOf(key.vehicle)[0].opening?.link, merged);
});

function statedOf(ledger: Ledger): unknown[] {
  return ledger.linesOf(key.vehicle).map(({ class: name, expected, onBoard, onBoardTo }) => {
    return [name, expected, onBoard, onBoardTo];
  });
}
