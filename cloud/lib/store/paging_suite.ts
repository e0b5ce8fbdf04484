/** Rows once each, in order, page by page; repeats; comparison with what is stored. */
import { deepStrictEqual as equal, rejects } from "node:assert/strict";
import fc from "fast-check";
import { classes } from "#proto/class.ts";
import { parseEpoch, parseStream, parseVehicleId } from "#proto/ids.ts";
import { pageRowsMax } from "./limits.ts";
import type { Row, RowQuery } from "./rows.ts";
import type { Store } from "./store.ts";
import { blockOf, epoch, framesOf, startNs, type TestData, vehicle } from "./testing/blocks.ts";
import type { StoreTest } from "./testing/database.ts";

const telemetry = parseStream("telemetry");
const all: RowQuery = { vehicle, stream: telemetry, limit: pageRowsMax };

async function allPages(store: Store, query: RowQuery): Promise<Row[]> {
  const rows: Row[] = [];
  for (let more = true; more;) {
    const after = rows.at(-1) ?? query.after;
    const page = await store.rows({ ...query, ...(after && { after }) });
    rows.push(...page.rows);
    more = page.more;
    equal(page.rows.length <= query.limit, true);
  }
  return rows;
}

/** Defines the tests of rows, pages and comparison. */
export function testPaging(test: StoreTest, rounds: number): void {
  test("a row says whose it is and when it was, with the epoch's offset", async (store) => {
    const other = parseEpoch("1");
    await store.write([
      blockOf("telemetry", framesOf([{ x: 1 }])),
      blockOf("telemetry", framesOf([{ x: 2 }], 7), { epoch: other, class: "critical", clockOffsetNs: -5n }),
    ]);
    equal((await store.rows(all)).rows, [
      { vehicle, epoch, class: "normal", seq: 1, ts: startNs + 1_000_000n, values: { x: 1 } },
      { vehicle, epoch: other, class: "critical", seq: 7, ts: startNs + 6_999_995n, values: { x: 2 } },
    ]);
  });

  test("rows that are written again are there once", async (store) => {
    const block = blockOf("telemetry", framesOf([{ x: 1, s: "a" }, { x: 2 }]));
    for (let again = 0; again < 3; again++) equal(await store.write([block, block]), { suspended: [] });
    equal((await store.rows(all)).rows.map(({ values }) => values), [{ x: 1, s: "a" }, { x: 2, s: null }]);
  });

  test("vehicles keep apart", async (store) => {
    const other = parseVehicleId("Drone-001");
    await store.write([blockOf("telemetry", framesOf([{ x: 1 }]))]);
    await store.write([blockOf("telemetry", framesOf([{ x: 2 }]), { vehicle: other })]);
    equal((await store.rows({ ...all, vehicle: other })).rows.map(({ values }) => values), [{ x: 2 }]);
  });

  test("from and to are included", async (store) => {
    await store.write([blockOf("telemetry", framesOf([{ x: 1 }, { x: 2 }, { x: 3 }, { x: 4 }]))]);
    const [, second, third] = (await store.rows(all)).rows;
    const between = await store.rows({ ...all, fromNs: second.ts, toNs: third.ts });
    equal(between.rows.map(({ seq }) => seq), [2, 3]);
    equal((await store.rows({ ...all, fromNs: third.ts, toNs: second.ts })).rows, []);
    equal((await store.rows({ ...all, fromNs: -1n, toNs: 1n << 80n })).rows.length, 4);
  });

  test("pages of any size give every row once, in order, ties included", async (store) => {
    const keys = fc.record({
      ms: fc.nat({ max: 3 }),
      epoch: fc.constantFrom(epoch, parseEpoch("9"), parseEpoch("9223372036854775807")),
      class: fc.constantFrom(...classes),
    });
    const plans = fc.record({
      keys: fc.array(keys, { minLength: 1, maxLength: 20 }),
      limit: fc.integer({ min: 1, max: 7 }),
      order: fc.constantFrom("ascending" as const, "descending" as const),
    });
    let number = 0;
    await fc.assert(
      fc.asyncProperty(plans, async (plan) => {
        const stream = `pages_${number++}`;
        await store.write(plan.keys.map((key, at) => {
          const frames = [{ seq: at + 1, ts: startNs + BigInt(key.ms), data: { at } }];
          return blockOf(stream, frames, key);
        }));
        const rows = await allPages(store, { ...all, stream: parseStream(stream), ...plan });
        const wanted = plan.keys.map((key, at) => ({ ...key, at })).sort((a, b) =>
          a.ms - b.ms || (a.epoch < b.epoch ? -1 : a.epoch > b.epoch ? 1 : 0) ||
          classes.indexOf(a.class) - classes.indexOf(b.class) || a.at - b.at
        ).map(({ at }) => at);
        equal(rows.map(({ values }) => values.at), plan.order === "ascending" ? wanted : wanted.reverse());
      }),
      { numRuns: Math.ceil(rounds / 2) },
    );
  });

  test("the latest rows are the newest of each stream that the vehicle has", async (store) => {
    equal(await store.latest(vehicle), []);
    await store.write([
      blockOf("telemetry", framesOf([{ x: 1 }, { x: 2 }])),
      blockOf("battery", framesOf([{ v: 12.5 }], 3)),
      blockOf("elsewhere", framesOf([{ y: 1 }]), { vehicle: parseVehicleId("other") }),
    ]);
    const latest = await store.latest(vehicle);
    equal(latest.map(({ stream, row }) => [stream, row.seq, row.values]), [
      ["battery", 3, { v: 12.5 }],
      ["telemetry", 2, { x: 2 }],
    ]);
  });

  test("rows of an impossible time are refused, and nothing of their write is stored", async (store) => {
    const good = blockOf("telemetry", framesOf([{ x: 1 }]));
    const bad = blockOf("telemetry", [{ seq: 9, ts: 5n, data: { x: 2 } }]);
    await rejects(store.write([good, bad]), { code: "bad_batch" });
    await rejects(store.write([{ ...good, clockOffsetNs: 6n * 10n ** 18n }]), { code: "bad_batch" });
    equal(await store.streams(), []);
    await store.write([{ ...bad, clockOffsetNs: startNs }]);
    equal((await store.rows(all)).rows.map(({ ts }) => ts), [startNs + 5n]);
  });

  test("a page goes on behind its last row, whatever was written meanwhile", async (store) => {
    await store.write([blockOf("telemetry", framesOf([{ x: 2 }, { x: 4 }], 10))]);
    const page = await store.rows({ ...all, limit: 1 });
    equal([page.rows[0].values.x, page.more], [2, true]);
    await store.write([blockOf("telemetry", framesOf([{ x: 1 }], 5)), blockOf("telemetry", framesOf([{ x: 5 }], 20))]);
    const rest = await store.rows({ ...all, after: page.rows[0] });
    equal(rest.rows.map(({ values }) => values.x), [4, 5]);
  });

  test("a repeat compares with what is stored, record by record", async (store) => {
    const data: TestData[] = [
      { x: 1.5, s: "a" },
      { x: null, a: [1, null] },
      { x: 2n ** 60n, j: ["x"] },
      { x: "stray" },
      {},
    ];
    await store.write([blockOf("telemetry", framesOf(data))]);
    const [repeat] = await store.compare([blockOf("telemetry", framesOf(data))]);
    equal(repeat, { same: [{ first: 1, last: 5 }], different: [], missing: [], stored: [] });
    const changed: TestData[] = [{ x: 1.5, s: "b" }, { a: [1, null] }, { x: 2n ** 60n + 1n, j: ["x"] }, {
      x: "stray",
      y: 1,
    }];
    const [{ same, different, missing, stored }] = await store.compare([
      blockOf("telemetry", framesOf([...changed, {}, {}])),
    ]);
    equal(same, [{ first: 2, last: 2 }, { first: 5, last: 5 }]);
    equal(different, [{ first: 1, last: 1 }, { first: 3, last: 4 }, { first: 6, last: 6 }]);
    equal(missing, [{ first: 6, last: 6 }]);
    equal(stored.map(({ stream, row }) => [stream, row.seq, row.values.x]), [
      ["telemetry", 1, 1.5],
      ["telemetry", 3, 2n ** 60n],
      ["telemetry", 4, "stray"],
    ]);
    const moved = framesOf([data[0]]).map((frame) => ({ ...frame, ts: frame.ts + 1n }));
    equal((await store.compare([blockOf("telemetry", moved)]))[0].same, []);
    for (const clockOffsetNs of [2n ** 63n - 1n, -(2n ** 63n)]) {
      const wild = blockOf("telemetry", framesOf([data[0]]), { clockOffsetNs });
      equal((await store.compare([wild]))[0].different, [{ first: 1, last: 1 }]);
    }
    const swapped = framesOf(data).map((frame, at, all) => ({
      ...frame,
      ts: all[at === 1 ? 2 : at === 2 ? 1 : at].ts,
    }));
    equal((await store.compare([blockOf("telemetry", swapped)]))[0].different, [{ first: 2, last: 3 }]);
    equal((await store.compare([blockOf("elsewhere", framesOf([data[0]]))]))[0].same, []);
    equal((await store.compare([blockOf("telemetry", framesOf([data[0]]), { class: "bulk" })]))[0].same, []);
  });

  test("repeats of many batches are compared at once, and each has its own answer", async (store) => {
    await store.write([
      blockOf("telemetry", framesOf([{ x: 1 }, { x: 2 }, { x: 3 }])),
      blockOf("gps", framesOf([{ y: 1 }], 4)),
    ]);
    const answers = await store.compare([
      blockOf("telemetry", framesOf([{ x: 3 }], 3)),
      blockOf("gps", framesOf([{ y: 2 }], 4)),
      blockOf("telemetry", framesOf([{ x: 1 }, { x: -2 }])),
      blockOf("elsewhere", framesOf([{ x: 1 }])),
      blockOf("telemetry", framesOf([{ x: 2 }], 2)),
    ]);
    equal(answers.map(({ same }) => same.map(({ first }) => first)), [[3], [], [1], [], [2]]);
    equal(answers.map(({ different }) => different.map(({ first }) => first)), [[], [4], [2], [1], []]);
    equal(answers.map(({ missing }) => missing.length), [0, 0, 0, 1, 0]);
    equal(await store.compare([]), []);
  });

  test("a long repeat is compared in pieces", async (store) => {
    const data = Array.from({ length: 4_500 }, (_, x) => ({ x }));
    await store.write([blockOf("telemetry", framesOf(data))]);
    data[4_200] = { x: -1 };
    const [{ same, different }] = await store.compare([blockOf("telemetry", framesOf(data))]);
    equal(same, [{ first: 1, last: 4_200 }, { first: 4_202, last: 4_500 }]);
    equal(different, [{ first: 4_201, last: 4_201 }]);
  });
}
