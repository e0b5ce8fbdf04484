import { deepStrictEqual as equal, throws } from "node:assert/strict";
import { parseStream } from "#proto/ids.ts";
import { growStream, newStream, type StreamPlace } from "./catalog.ts";
import { storedNsMax, storedNsMin } from "./limits.ts";
import { planRead, readRow } from "./reading.ts";
import { epoch, startNs, vehicle } from "./testing/blocks.ts";

const stream = parseStream("telemetry");
const place = ([["x", "f64"], ["never", "null"], ["s", "str"]] as const).reduce(
  (at, [name, type]) => growStream(at, { name, type }),
  newStream(stream, new Map()) as StreamPlace,
);
const query = { vehicle, stream, limit: 10 };
const key = { ts: startNs, epoch, class: "normal" as const, seq: 1 };

Deno.test("only columns that were asked for are read, in the order asked for", () => {
  const plan = planRead(place, { ...query, fields: ["s", "never", "x"] });
  equal(plan.selection.columns.map(({ column }) => column), ["s", "x"]);
  const row = readRow({ key, overflow: null, cells: ["text", 1] }, plan);
  equal(Object.entries(row.values), [["s", "text"], ["never", null], ["x", 1]]);
});

Deno.test("times are cut to what tables can hold, since databases refuse others", () => {
  const { selection } = planRead(place, { ...query, fromNs: -5n, toNs: 1n << 70n });
  equal([selection.fromNs, selection.toNs], [storedNsMin, storedNsMax]);
});

Deno.test("a span in which no table holds anything is empty, and has ends that databases take", () => {
  const spanOf = (fromNs: bigint, toNs: bigint) => {
    const { selection } = planRead(place, { ...query, fromNs, toNs });
    return [selection.fromNs, selection.toNs];
  };
  equal(spanOf(1n << 70n, 1n << 71n), [storedNsMax + 1n, storedNsMax]);
  equal(spanOf(-(1n << 71n), -(1n << 70n)), [storedNsMin, storedNsMin - 1n]);
});

Deno.test("a stray fills its field where the column is empty, and unlisted strays come with all fields only", () => {
  const stored = { key, overflow: '{"x":"stray","unlisted":[1]}', cells: [null, "text"] };
  const all = readRow(stored, planRead(place, query));
  equal(all.values, { x: "stray", never: null, s: "text", unlisted: [1] });
  const some = readRow({ ...stored, cells: [null] }, planRead(place, { ...query, fields: ["x"] }));
  equal(some.values, { x: "stray" });
});

Deno.test("a field that the stream never had cannot be read", () => {
  throws(() => planRead(place, { ...query, fields: ["x", "__proto__"] }), { code: "bad_query", pointer: "/fields" });
});
