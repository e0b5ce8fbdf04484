/** Ledger, accounts and checkpoints; and that all of it is there after a new start. */
import { deepStrictEqual as equal } from "node:assert/strict";
import { parseEpoch, parseRelayName, parseStream, parseVehicleId } from "#proto/ids.ts";
import { noCounts } from "../completeness/account.ts";
import type { LedgerEntry } from "./ledger_entry.ts";
import type { VehicleAccount } from "./vehicle_account.ts";
import { blockOf, epoch, framesOf, startNs, type TestData, vehicle } from "./testing/blocks.ts";
import type { StoreTest } from "./testing/database.ts";

const entry: LedgerEntry = {
  vehicle,
  epoch,
  class: "normal",
  sinceNs: startNs,
  expected: 100,
  committed: [{ first: 1, last: 50 }, { first: 60, last: 60 }],
  quarantined: [{ first: 51, last: 52 }],
  inFlight: [{ first: 61, last: 70 }],
  onBoard: [{ first: 71, last: 100 }],
  onBoardTo: 100,
  gaps: [{ first: 53, last: 55, cause: "overwritten" }],
  marks: [{ first: 1, last: 50, fromMs: 1_718_000_000_000, toMs: 1_718_000_000_049 }],
  opening: {
    previous: parseEpoch("6"),
    lasts: { critical: 1, event: 0, normal: 2 ** 53 - 1, bulk: 0 },
    reason: "start",
    boot: "00ff",
    clockSynchronized: false,
    clockOffsetNs: -(2n ** 60n),
    openedAtNs: startNs,
    receivedAtNs: startNs + 1n,
    relay: parseRelayName("relay-1"),
    session: "0a",
    link: { agentVersion: "1.2.3", clockOffset: { firstNs: -7n, lastNs: 2n ** 60n, lastAtNs: startNs } },
  },
};
const account: VehicleAccount = {
  vehicle,
  heardNs: startNs,
  statement: { atNs: startNs, relay: parseRelayName("relay-1"), session: "0a", epochs: [epoch], isCut: true },
  counts: { ...noCounts, expected: 100, stored: 51 },
  forks: 2,
  waiting: { first: `${epoch}/normal/61`, sinceNs: startNs },
};

/** Defines the tests of ledger and checkpoints. */
export function testBookkeeping(test: StoreTest): void {
  test("a ledger entry comes back as it was saved last", async (store) => {
    const older = { ...entry, epoch: parseEpoch("7"), sinceNs: startNs - 1n, gaps: [] };
    const neighbour = { ...entry, vehicle: parseVehicleId("drone-0011"), class: "bulk" as const };
    await store.saveLedger([entry, older, neighbour]);
    const grown = { ...entry, expected: 120, committed: [{ first: 1, last: 120 }] };
    await store.saveLedger([grown]);
    equal(await store.ledger(vehicle), [older, grown]);
    equal(await store.ledger(neighbour.vehicle), [neighbour]);
    equal(await store.ledger(parseVehicleId("never-seen")), []);
  });

  test("entries that were begun twice for the same epoch and class are one", async (store) => {
    const late = { ...entry, sinceNs: startNs + 9n, expected: 90, committed: [{ first: 51, last: 59 }], gaps: [] };
    await store.saveLedger([entry]);
    await store.saveLedger([late]);
    const [merged, ...others] = await store.ledger(vehicle);
    equal(others, []);
    equal([merged.sinceNs, merged.expected, merged.committed], [startNs, 100, [{ first: 1, last: 60 }]]);
    equal(merged.gaps, entry.gaps);
  });

  test("a vehicle has one account, and accounts are read page by page, by id", async (store) => {
    const names = ["drone-0", "drone-001", "drone-0011", "drone-1"].map(parseVehicleId);
    const silent: VehicleAccount = { ...account, statement: undefined, waiting: undefined, forks: 0 };
    await store.saveLedger([entry], names.map((name) => ({ ...silent, vehicle: name })));
    await store.saveLedger([], [account]);
    equal(await store.account(vehicle), account);
    equal(await store.account(parseVehicleId("drone-00")), undefined);
    const first = await store.accounts({ limit: 2 });
    const second = await store.accounts({ limit: 2, after: first.accounts[1].vehicle });
    equal([first.more, second.more], [true, false]);
    const found = [...first.accounts, ...second.accounts];
    equal(new Set(found.map((one) => one.vehicle)), new Set(names));
    equal(found.find((one) => one.vehicle === vehicle), account);
    equal(found.find((one) => one.vehicle === names[3]), { ...silent, vehicle: names[3] });
  });

  test("a partition's checkpoint replaces the one before", async (store) => {
    const place = { atNs: startNs, live: 17, backfill: 2 ** 40 };
    const checkpoint = { partition: 3, log: "log of today", life: "first", places: [place] };
    const grown = { ...checkpoint, life: "second", places: [place, { ...place, live: 18 }] };
    equal(await store.checkpoint(3), undefined);
    await store.saveCheckpoints([checkpoint, { ...checkpoint, partition: 31, places: [] }]);
    await store.saveCheckpoints([grown]);
    equal(await store.checkpoint(3), grown);
    equal(await store.checkpoint(31), { ...checkpoint, partition: 31, places: [] });
  });

  test("whoever reads beside the writer sees what a write resolved for", async (store, database) => {
    const reader = database.open();
    try {
      for (let seq = 1; seq <= 5; seq++) {
        await store.write([blockOf("telemetry", framesOf([{ [`field_${seq}`]: seq }], seq))]);
        const { rows, fields } = await reader.rows({ vehicle, stream: parseStream("telemetry"), limit: 9 });
        equal([rows.length, rows[seq - 1].values[`field_${seq}`], fields.length], [seq, seq, seq]);
      }
    } finally {
      await reader.close();
    }
  });

  test("a database that was not started again says so", async (store, database) => {
    const life = await store.life();
    const other = database.open(1n);
    equal([await other.life(), await store.life()], [life, life]);
    await other.close();
  });

  test("everything is there after a new start", async (store, database) => {
    const strays: TestData[] = [{ x: 1 }, { x: "stray", late: 5n + 2n ** 60n }];
    await store.write([blockOf("telemetry", framesOf(strays))]);
    await store.saveLedger([entry]);
    const [info] = await store.streams();
    await store.close();
    const again = database.open();
    try {
      equal(await again.streams(), [info]);
      equal(await again.ledger(vehicle), [entry]);
      await again.write([blockOf("telemetry", framesOf([{ x: "stray", added: true }], 3))]);
      const { rows } = await again.rows({ vehicle, stream: parseStream("telemetry"), limit: 10 });
      equal(rows.map(({ values }) => values), [
        { x: 1, late: null, added: null },
        { x: "stray", late: 5n + 2n ** 60n, added: null },
        { x: "stray", late: null, added: true },
      ]);
      equal((await again.streams())[0].fields[0].overflowed, 2);
    } finally {
      await again.close();
    }
  });
}
