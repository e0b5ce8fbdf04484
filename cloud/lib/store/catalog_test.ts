import { deepStrictEqual as equal, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { parseStream, type StreamName } from "#proto/ids.ts";
import { fieldTypes } from "#proto/shape.ts";
import {
  addOverflowed,
  adoptColumns,
  countStrays,
  fieldsText,
  growStream,
  mergeStreams,
  newColumns,
  newStream,
  overflowedText,
  overflowTable,
  readStream,
  type StreamPlace,
  unlistedStream,
} from "./catalog.ts";
import { columnsMax, overflowFieldsMax, overflowStreamsMax, streamsMax } from "./limits.ts";

const fresh = newStream(parseStream("telemetry"), new Map())!;

function grown(names: readonly string[], place: StreamPlace = fresh): StreamPlace {
  return names.reduce((at, name) => growStream(at, { name, type: "f64" }), place);
}

Deno.test("a stream's place is read back from its texts, whatever its fields are called", () => {
  const fields = fc.array(fc.tuple(fc.string(), fc.constantFrom(...fieldTypes), fc.nat()), { maxLength: 20 });
  fc.assert(fc.property(fields, (list) => {
    const place = list.reduce((at, [name, type]) => growStream(at, { name, type }), fresh);
    const counted = countStrays(place, new Map(list.map(([name, , count]) => [name, count])));
    equal(addOverflowed(readStream("telemetry", fieldsText(counted)), overflowedText(counted)), counted);
  }));
});

Deno.test("columns have names of their own, and keep them; one that gets too long goes without", () => {
  const long = "x".repeat(127);
  const place = grown(["mode", "Mode", "mode_2", "SEQ", long, long.toUpperCase()]);
  const columns = newColumns(undefined, place).map(({ column }) => column);
  equal(columns, ["mode", "Mode$2", "mode_2", "SEQ$2", long]);
  equal(place.fields.get(long.toUpperCase()), { type: "overflow" });
  strictEqual(growStream(place, { name: "mode", type: "str" }), place);
  equal(newColumns(place, grown(["later"], place)), [{ type: "f64", column: "later" }]);
});

Deno.test("names that no column can have go to the overflow column", () => {
  for (const name of ["", "a b", 'a"b', "1st", "a.b", "ä"]) {
    equal(grown([name]).fields.get(name), { type: "overflow" });
  }
});

Deno.test("fields beyond the columns are listed as overflowing, and beyond that not listed", () => {
  const names = Array.from({ length: columnsMax + overflowFieldsMax + 5 }, (_, at) => `f${at}`);
  const place = grown(names);
  strictEqual(newColumns(undefined, place).length, columnsMax);
  strictEqual(place.fields.size, columnsMax + overflowFieldsMax);
  const counted = countStrays(place, new Map(names.map((name) => [name, 1])));
  strictEqual(counted.overflowed.size, overflowFieldsMax);
});

Deno.test("streams beyond the tables share one, and beyond that are not listed", () => {
  const catalog = new Map<StreamName, StreamPlace>();
  const all = streamsMax + overflowStreamsMax;
  for (let number = 0; number < all; number++) {
    const place = newStream(parseStream(`s${number}`), catalog);
    if (place !== undefined) catalog.set(place.stream, place);
  }
  equal([catalog.size, catalog.get(parseStream(`s${streamsMax}`))?.table], [all, overflowTable]);
  strictEqual(newStream(parseStream("one_more"), catalog), undefined);
  equal(grown(["x"], unlistedStream(parseStream("one_more"))).fields.get("x"), { type: "overflow" });
});

Deno.test("what two writers know of a stream is put together, and a column beats what has none", () => {
  const grow = (fields: readonly [string, "f64" | "str" | "null"][]) =>
    fields.reduce((at, [name, type]) => growStream(at, { name, type }), fresh);
  const one = grow([["a", "f64"], ["b", "null"], ["a b", "str"]]);
  const two = grow([["b", "str"], ["c", "null"], ["a", "null"]]);
  for (const merged of [mergeStreams(one, two), mergeStreams(two, one)]) {
    equal(Object.fromEntries(merged.fields), {
      a: { type: "f64", column: "a" },
      b: { type: "str", column: "b" },
      "a b": { type: "overflow" },
      c: { type: "null" },
    });
  }
});

Deno.test("whatever columns a stream has, their names and types tell its fields", () => {
  const names = fc.array(fc.tuple(fc.constantFrom("a", "A", "mode", "Mode", "MODE", "ts", "Seq", "x_2"), anyType));
  fc.assert(fc.property(names, (list) => {
    const place = list.reduce((at, [name, type]) => growStream(at, { name, type }), fresh);
    equal(adoptColumns(fresh, newColumns(undefined, place)).fields, place.fields);
  }));
});

Deno.test("a column that another writer made first keeps its type, and a foreign one makes its field overflow", () => {
  const adopted = adoptColumns(fresh, [{ column: "ts", type: undefined }, { column: "Mode", type: "str" }, {
    column: "note",
    type: undefined,
  }]);
  const place = grown(["mode", "Mode", "note"], adopted);
  equal(Object.fromEntries(place.fields), {
    Mode: { type: "str", column: "Mode" },
    note: { type: "overflow" },
    mode: { type: "f64", column: "mode$2" },
  });
});

const anyType = fc.constantFrom(...fieldTypes.filter((type) => type !== "null"));
