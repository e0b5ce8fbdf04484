/** What goes in comes out: values of every type, names of every kind, and what has no column. */
import { deepStrictEqual as equal, rejects } from "node:assert/strict";
import fc from "fast-check";
import { flatten } from "#proto/flatten.ts";
import { parseStream, parseVehicleId } from "#proto/ids.ts";
import { type JsonValue, parseJson } from "#proto/json.ts";
import { columnsMax, pageRowsMax, streamsMax } from "./limits.ts";
import { cellValue, sameValue } from "./mapping.ts";
import type { Row } from "./rows.ts";
import type { Store } from "./store.ts";
import { blockOf, framesOf, startNs, type TestData, vehicle } from "./testing/blocks.ts";
import type { StoreTest } from "./testing/database.ts";

const telemetry = parseStream("telemetry");

async function valuesOf(store: Store, stream = telemetry): Promise<Row["values"][]> {
  const { rows } = await store.rows({ vehicle, stream, limit: pageRowsMax });
  return rows.map(({ values }) => values);
}

/** Rows of which each holds only the fields given; all others must be null. */
function matches(rows: readonly Row["values"][], wanted: readonly TestData[]): void {
  equal(rows.length, wanted.length);
  rows.forEach((row, at) => {
    const present = Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null));
    const expected = Object.fromEntries(Object.entries(wanted[at]).filter(([, value]) => value !== null));
    equal(sameValue(present, expected), true, `row ${at}: ${Deno.inspect(present)} is not ${Deno.inspect(expected)}`);
  });
}

/** What flattening makes of a frame, as values. */
function flatValues(data: TestData): TestData {
  return Object.fromEntries(flatten(data).map(({ name, type, value }) => [name, cellValue(type, value)]));
}

/** Defines the tests of values and names. */
export function testMapping(test: StoreTest, rounds: number): void {
  test("values of every type come back as they were", async (store) => {
    const data: TestData[] = [
      { b: true, d: -0, l: 9007199254740993n, s: "a\"b\\c\nd\r\0é😀'", a: [1, null, -0, 0.1], j: ["x", { y: null }] },
      { b: false, d: 5e-324, l: -(2n ** 63n) + 1n, s: "", a: [], j: [] },
      { b: null, d: null, l: null, s: null, a: null, j: null },
      { d: 1.7976931348623157e308, l: 2n ** 63n - 1n, a: [null], o: {} },
      { d: 0.1 + 0.2, nested: { deep: { d: 100 } } },
    ];
    await store.write([blockOf("telemetry", framesOf(data))]);
    matches(await valuesOf(store), data.map(flatValues));
    const info = (await store.streams()).find(({ stream }) => stream === telemetry);
    equal(info?.fields.every(({ overflowed }) => overflowed === 0), true);
  });

  test("a field that was ever seen is null where it is missing, even when it was only ever null", async (store) => {
    await store.write([blockOf("telemetry", framesOf([{ always_null: null }, { x: 1 }]))]);
    equal(await valuesOf(store), [{ always_null: null, x: null }, { always_null: null, x: 1 }]);
    await store.write([blockOf("telemetry", framesOf([{ y: true }], 3))]);
    equal(await valuesOf(store), [
      { always_null: null, x: null, y: null },
      { always_null: null, x: 1, y: null },
      { always_null: null, x: null, y: true },
    ]);
  });

  test("a field that was only null gets its column when a value comes", async (store) => {
    await store.write([blockOf("telemetry", framesOf([{ x: null }]))]);
    await store.write([blockOf("telemetry", framesOf([{ x: "text" }], 2))]);
    equal(await valuesOf(store), [{ x: null }, { x: "text" }]);
    equal((await store.streams())[0].fields, [{ field: "x", type: "str", overflowed: 0 }]);
  });

  test("values that contradict their column are kept, given back and counted", async (store) => {
    const data: TestData[] = [
      { d: 1.5, l: 9007199254740993n, s: "text", j: ["x"] },
      { d: "text", l: 5, s: 1.5, j: [1, null, -0] },
      { d: 9007199254740993n, l: 5.5, s: true, j: "text" },
      { d: [1], l: -0, s: null, j: {} },
      { d: -0, l: -(2n ** 63n), s: [], j: 0 },
    ];
    for (const [at, frame] of data.entries()) await store.write([blockOf("telemetry", framesOf([frame], at + 1))]);
    matches(await valuesOf(store), data);
    const [{ fields }] = await store.streams();
    equal(Object.fromEntries(fields.map(({ field, overflowed }) => [field, overflowed])), { d: 3, l: 3, s: 3, j: 2 });
  });

  test("one block may hold a field with two types", async (store) => {
    const data: TestData[] = [{ x: 1 }, { x: "text" }, { x: 2 ** 53 }, { x: 3n + 2n ** 60n }];
    await store.write([blockOf("telemetry", framesOf(data))]);
    matches(await valuesOf(store), data);
  });

  test("texts that claim to be JSON and are none come back as texts", async (store) => {
    const fields = [{ name: "j", type: "json", value: "{nonsense" }] as const;
    const typed = [{ name: "j", type: "f64", value: 1 }] as const;
    await store.write([blockOf("odd", [{ seq: 1, ts: startNs, fields }])]);
    await store.write([blockOf("plain", [{ seq: 2, ts: startNs, fields: typed }, { seq: 3, ts: startNs, fields }])]);
    equal(await valuesOf(store, parseStream("odd")), [{ j: "{nonsense" }]);
    equal(await valuesOf(store, parseStream("plain")), [{ j: 1 }, { j: "{nonsense" }]);
  });

  test("fields keep apart that differ by case, or are named like a column or a word of SQL", async (store) => {
    const names = ["Mode", "mode", "MODE", "overflow", "stream", "select", "order", "ts", "Vehicle_Id", "__proto__"];
    const more = ["constructor", "mode_2", "_", "x".repeat(127), "X".repeat(127), "rowid", "key"];
    const fields = [...names, ...more].map((name, at) => ({ name, type: "f64", value: at } as const));
    await store.write([blockOf("telemetry", [{ seq: 1, ts: startNs, fields }])]);
    const [row] = await valuesOf(store);
    equal(Object.entries(row).toSorted(), fields.map(({ name, value }) => [name, value]).toSorted());
    const wanted = { vehicle, stream: telemetry, fields: ["MODE", "select"], limit: 1 };
    equal((await store.rows(wanted)).rows[0].values, { MODE: 2, select: 5 });
  });

  test("streams may be named like tables that databases keep for themselves", async (store) => {
    const streams = ["sqlite_master", "telemetry_config", "select", "documents", "overflow"];
    await store.write(streams.map((stream, at) => blockOf(stream, framesOf([{ at }], at + 1))));
    for (const [at, stream] of streams.entries()) equal(await valuesOf(store, parseStream(stream)), [{ at }]);
    equal((await store.streams()).map(({ stream }) => stream), streams.toSorted());
  });

  test("fields beyond the limit of columns go to the overflow column", async (store) => {
    const first = Object.fromEntries(Array.from({ length: 250 }, (_, at) => [`a${at}`, at]));
    const second = Object.fromEntries(Array.from({ length: 250 }, (_, at) => [`b${at}`, `text ${at}`]));
    await store.write([blockOf("wide", framesOf([first])), blockOf("wide", framesOf([second], 2))]);
    matches(await valuesOf(store, parseStream("wide")), [first, second]);
    const [{ fields }] = await store.streams();
    equal(fields.filter(({ type }) => type !== "overflow").length, columnsMax);
    equal(fields.filter(({ type, overflowed }) => type === "overflow" && overflowed === 1).length, 500 - columnsMax);
    const last = { vehicle, stream: parseStream("wide"), fields: ["b249"], limit: 2 };
    equal((await store.rows(last)).rows.map(({ values }) => values), [{ b249: null }, { b249: "text 249" }]);
  });

  test("streams beyond the limit of tables go to the overflow table", async (store) => {
    const blocks = Array.from(
      { length: streamsMax + 2 },
      (_, at) => blockOf(`s${at}`, framesOf([{ at }, { other: "x" }], 1 + 2 * at)),
    );
    await store.write(blocks);
    for (const at of [0, streamsMax - 1, streamsMax, streamsMax + 1]) {
      const stream = parseStream(`s${at}`);
      equal(await valuesOf(store, stream), [{ at, other: null }, { at: null, other: "x" }]);
      const descending = await store.rows({ vehicle, stream, limit: 1, order: "descending" });
      equal(descending.rows[0].values, { at: null, other: "x" });
    }
    const tables = (await store.streams()).map(({ table }) => table);
    equal(new Set(tables).size, streamsMax + 1);
  });

  test("what is asked for and was never seen is refused", async (store) => {
    await rejects(store.rows({ vehicle, stream: telemetry, limit: 1 }), { code: "not_found" });
    await store.write([blockOf("telemetry", framesOf([{ x: 1 }]))]);
    const hostile = `x" FROM telemetry; DROP TABLE telemetry; --`;
    await rejects(store.rows({ vehicle, stream: telemetry, fields: [hostile], limit: 1 }), { code: "bad_query" });
    equal((await store.rows({ vehicle: parseVehicleId("other"), stream: telemetry, limit: 1 })).rows, []);
  });

  test("any frames come back as they were, whatever their types", async (store) => {
    let number = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(anyFrame, { minLength: 1, maxLength: 12 }), async (data) => {
        const stream = parseStream(`any_${number++}`);
        const frames = framesOf(data);
        const half = Math.ceil(frames.length / 2);
        await store.write([blockOf(stream, frames.slice(0, half))]);
        if (half < frames.length) await store.write([blockOf(stream, frames.slice(half))]);
        matches(await valuesOf(store, stream), data.map(flatValues));
      }),
      { numRuns: rounds },
    );
  });
}

const anyValue: fc.Arbitrary<JsonValue> = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer(),
  fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n }),
  fc.boolean(),
  fc.constant(null),
  fc.string({ unit: "binary" }),
  fc.array(fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.constant(null)), { maxLength: 5 }),
  fc.array(fc.string({ unit: "grapheme" }), { maxLength: 3 }),
  // Through text, since that is what frames are made of.
  fc.json({ maxDepth: 3 }).map((text) => parseJson(text)).filter((value) => Array.isArray(value)),
);
/** Few names, so that types meet. */
const anyFrame = fc.dictionary(fc.constantFrom("a", "b", "A", "c_d", "ts", "_"), anyValue, { maxKeys: 5 });
