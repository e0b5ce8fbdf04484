/** Ledger, checkpoints and quarantine; and that all of it is there after a new start. */
import { deepStrictEqual as equal, rejects } from "node:assert/strict";
import { parseEpoch, parseRelayName, parseStream, parseVehicleId } from "#proto/ids.ts";
import { noCounts } from "../completeness/account.ts";
import { quarantineId } from "./bookkeeping.ts";
import type { LedgerEntry, QuarantineEntry, VehicleAccount } from "./store.ts";
import type { StoreTest } from "./testing/database.ts";
import { blockOf, epoch, framesOf, startNs, type TestData, vehicle } from "./testing/blocks.ts";

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
const kept: QuarantineEntry = {
  vehicle,
  epoch,
  class: "bulk",
  first: 5,
  last: 9,
  code: "bad_batch",
  reason: `body "ends" too early: \\ 'quoted'\nand more`,
  place: { lane: "backfill", partition: 31, sequence: 2 ** 53 - 1, item: 3 },
  relay: parseRelayName("relay-1"),
  receivedAtNs: startNs,
  batch: Uint8Array.from({ length: 65_536 }, (_, at) => at % 251),
};

/** Defines the tests of ledger, checkpoints and quarantine. */
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

  test("a quarantined batch is kept whole, and once", async (store) => {
    await store.quarantine(kept);
    await store.quarantine(kept);
    const later = { ...kept, receivedAtNs: startNs + 1n, batch: new Uint8Array(0) };
    await store.quarantine(later);
    equal(await store.quarantined(vehicle, { limit: 10 }), { entries: [kept, later], more: false });
    const others = await store.quarantined(parseVehicleId("drone-0"), { limit: 10 });
    equal(others, { entries: [], more: false });
    equal(await store.quarantinedOne(vehicle, quarantineId(later)), later);
    const unknown = ["", "what's this", `${quarantineId(later)}0`, quarantineId({ ...kept, first: 6 })];
    for (const id of unknown) await rejects(store.quarantinedOne(vehicle, id), { code: "not_found" });
  });

  test("quarantine is read page by page, oldest first, also among those of one moment", async (store) => {
    const entries = [0, 0, 1, 2, 2].map((ms, at): QuarantineEntry => ({
      ...kept,
      receivedAtNs: startNs + BigInt(ms) * 1_000_000n,
      place: { ...kept.place, item: at },
    }));
    for (const one of entries.toReversed()) await store.quarantine(one);
    const found: QuarantineEntry[] = [];
    let after: string | undefined;
    for (const count of [2, 2, 1]) {
      const page = await store.quarantined(vehicle, { limit: 2, ...(after !== undefined && { after }) });
      equal([page.entries.length, page.more], [count, count === 2]);
      found.push(...page.entries);
      after = quarantineId(page.entries[count - 1]);
    }
    equal(found, entries);
    await rejects(store.quarantined(vehicle, { limit: 2, after: "x' OR 1" }), { code: "bad_query" });
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
