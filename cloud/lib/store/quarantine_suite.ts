/** What was kept aside: kept whole and once, listed, counted, decided upon. */
import { deepStrictEqual as equal, rejects } from "node:assert/strict";
import { parseEpoch, parseRelayName, parseStream, parseVehicleId } from "#proto/ids.ts";
import type { LedgerEntry } from "./ledger_entry.ts";
import { quarantineId } from "./quarantine_documents.ts";
import type { QuarantineCount, QuarantineEntry, QuarantineQuery } from "./quarantine_entry.ts";
import { blockOf, epoch, framesOf, startNs, vehicle } from "./testing/blocks.ts";
import type { StoreTest } from "./testing/database.ts";

const batch = Uint8Array.from({ length: 65_536 }, (_, at) => at % 251);
const kept: QuarantineEntry = {
  vehicle,
  epoch,
  class: "bulk",
  ranges: [{ first: 5, last: 6 }, { first: 9, last: 9 }],
  code: "bad_batch",
  reason: `body "ends" too early: \\ 'quoted'\nand more`,
  place: { lane: "backfill", partition: 31, sequence: 2 ** 53 - 1, item: 3 },
  relay: parseRelayName("relay-1"),
  receivedAtNs: startNs,
  bytes: batch.length,
  state: "kept",
  tries: 0,
  decidedAtNs: 0n,
};

function entryAt(ms: number, change: Partial<QuarantineEntry> = {}): QuarantineEntry {
  return { ...kept, receivedAtNs: startNs + BigInt(ms) * 1_000_000n, ...change };
}

/** Defines the tests of quarantine. */
export function testQuarantine(test: StoreTest): void {
  test("a quarantined batch is kept whole, and once", async (store) => {
    const later = entryAt(1, { ranges: [] });
    for (let time = 1; time <= 2; time++) await store.quarantine([{ entry: kept, batch }]);
    await store.quarantine([{ entry: later, batch: new Uint8Array(0) }]);
    equal(await store.quarantined(vehicle, { limit: 10 }), { entries: [kept, later], more: false });
    const others = await store.quarantined(parseVehicleId("drone-0"), { limit: 10 });
    equal(others, { entries: [], more: false });
    equal(await store.quarantinedOne(vehicle, quarantineId(later)), later);
    equal(await store.quarantinedBatch(vehicle, quarantineId(kept)), batch);
    // The largest message that the log takes.
    const huge = entryAt(2, { ranges: [], bytes: 2 ** 20 });
    await store.quarantine([{ entry: huge, batch: new Uint8Array(huge.bytes).fill(7) }]);
    equal(await store.quarantinedBatch(vehicle, quarantineId(huge)), new Uint8Array(huge.bytes).fill(7));
    const other = quarantineId({ ...kept, ranges: [{ first: 6, last: 9 }] });
    for (const id of ["", "what's this", `${quarantineId(later)}0`, other]) {
      await rejects(store.quarantinedOne(vehicle, id), { code: "not_found" });
      await rejects(store.quarantinedBatch(vehicle, id), { code: "not_found" });
    }
  });

  test("quarantine is read page by page, oldest first, also among those of one moment", async (store) => {
    const entries = [0, 0, 1, 2, 2].map((ms, item) => entryAt(ms, { place: { ...kept.place, item } }));
    await store.quarantine(entries.toReversed().map((entry) => ({ entry, batch })));
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

  test("quarantine is read by code, state and place, page by page too", async (store) => {
    const place = (sequence: number) => ({ ...kept.place, sequence });
    const entries = [
      entryAt(1, { place: place(9) }),
      entryAt(2, { place: place(10), code: "unknown_shape" }),
      entryAt(3, { place: place(100), state: "dropped" }),
      entryAt(4, { place: place(101) }),
    ];
    await store.quarantine(entries.map((entry) => ({ entry, batch })));
    const ask = async (query: Omit<QuarantineQuery, "limit">, limit = 9) => {
      const page = await store.quarantined(vehicle, { ...query, limit });
      return [...page.entries.map(({ place }) => place.sequence), page.more];
    };
    equal(await ask({ code: "bad_batch" }), [9, 100, 101, false]);
    equal(await ask({ code: "bad_batch", state: "kept" }), [9, 101, false]);
    equal(await ask({ code: "bad_batch", state: "kept" }, 1), [9, true]);
    equal(await ask({ code: "bad_batch", after: quarantineId(entries[0]) }, 1), [100, true]);
    equal(await ask({ state: "retried" }), [false]);
    equal(await ask({ behind: 10 }), [100, 101, false]);
    equal(await ask({ code: "it's" }), [false]);
  });

  test("what was decided changes an entry and its lines at once, and its bytes only when told", async (store) => {
    await store.quarantine([{ entry: kept, batch }]);
    const id = quarantineId(kept);
    const retried = { ...kept, state: "retried", tries: 2, decidedAtNs: startNs + 9n } as const;
    const line: LedgerEntry = {
      ...{ vehicle, epoch, class: "bulk", sinceNs: startNs, expected: 9, committed: kept.ranges },
      ...{ quarantined: [], inFlight: [], onBoard: [], onBoardTo: 0, gaps: [], marks: [] },
    };
    await store.quarantine([{ entry: retried }], [line]);
    equal([await store.quarantinedOne(vehicle, id), await store.ledger(vehicle)], [retried, [line]]);
    equal(await store.quarantinedBatch(vehicle, id), batch);
    const dropped = { ...retried, state: "dropped" } as const;
    await store.quarantine([{ entry: dropped, batch: new Uint8Array(0) }]);
    equal(await store.quarantinedOne(vehicle, id), dropped);
    equal(await store.quarantinedBatch(vehicle, id), new Uint8Array(0));
  });

  test("rows and what is kept aside beside them are one commit", async (store) => {
    await store.write([blockOf("telemetry", framesOf([{ x: 1 }]))], [{ entry: kept, batch }]);
    equal((await store.rows({ vehicle, stream: parseStream("telemetry"), limit: 9 })).rows.length, 1);
    equal(await store.quarantinedBatch(vehicle, quarantineId(kept)), batch);
    await store.write([], [{ entry: entryAt(1) }]);
    equal((await store.quarantined(vehicle, { limit: 9 })).entries.length, 2);
    await store.probe();
  });

  test("what was kept aside is counted by vehicle, code and state, page by page", async (store) => {
    const [other, third] = ["drone-0011", "unreadable"].map(parseVehicleId);
    const entries = [
      entryAt(1),
      entryAt(2),
      entryAt(3, { code: "unknown_shape" }),
      entryAt(4, { state: "dropped" }),
      entryAt(5, { vehicle: other }),
      entryAt(6, { vehicle: third, epoch: parseEpoch("1"), ranges: [] }),
    ];
    await store.quarantine(entries.map((entry) => ({ entry, batch })));
    const count = (vehicle: QuarantineCount["vehicle"], code: string, state: QuarantineCount["state"], count: number) =>
      ({ vehicle, code, state, count }) satisfies QuarantineCount;
    const all = [
      count(vehicle, "bad_batch", "dropped", 1),
      count(vehicle, "bad_batch", "kept", 2),
      count(vehicle, "unknown_shape", "kept", 1),
      count(other, "bad_batch", "kept", 1),
      count(third, "bad_batch", "kept", 1),
    ];
    equal(await store.quarantineCounts({ limit: 5 }), { counts: all, more: false });
    equal(await store.quarantineCounts({ limit: 2 }), { counts: all.slice(0, 2), more: true });
    equal(await store.quarantineCounts({ limit: 2, after: all[1] }), { counts: all.slice(2, 4), more: true });
    equal(await store.quarantineCounts({ limit: 2, after: all[3] }), { counts: all.slice(4), more: false });
  });
}
