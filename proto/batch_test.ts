import { deepStrictEqual, equal, ok, throws } from "node:assert/strict";
import fc from "fast-check";
import {
  batchHeaderBytes,
  createBatchEncoder,
  decodeBatch,
  encodeBatch,
  presenceStates,
  readBatchHeader,
  recordBytes,
  recordsOf,
} from "./batch.ts";
import { parseEpoch, parseStream } from "./ids.ts";
import { batchRecordsMax } from "./limits.ts";
import { type FrameRecord, makeShape } from "./shape.ts";
import { shapesOf, someRecords } from "./testing/records.ts";

const options = { epoch: parseEpoch(7n), class: 2, clockOffsetNs: -5n } as const;

function roundTrip(records: readonly FrameRecord[], compress: boolean): FrameRecord[] {
  const shapes = shapesOf(records);
  return recordsOf(decodeBatch(encodeBatch(records, { ...options, compress }), (hash) => shapes.get(hash)));
}

Deno.test("a batch gives back any records exactly, packed or not", () => {
  fc.assert(
    fc.property(someRecords, fc.boolean(), (records, compress) => {
      deepStrictEqual(roundTrip(records, compress), records);
    }),
    { numRuns: 150 },
  );
});

Deno.test("an encoder that is used again gives the same bytes as a fresh one", () => {
  const encoder = createBatchEncoder();
  fc.assert(fc.property(someRecords, (records) => {
    deepStrictEqual(encoder.encode(records, options), encodeBatch(records, options));
  }));
});

Deno.test("the sum of recordBytes is never less than the body", () => {
  fc.assert(
    fc.property(someRecords, (records) => {
      const body = encodeBatch(records, { ...options, compress: false }).length - batchHeaderBytes;
      ok(body <= records.reduce((sum, record) => sum + recordBytes(record), 0), `${body} bytes of body`);
    }),
    { numRuns: 150 },
  );
});

Deno.test("a batch's header says what was encoded, without the body being read", () => {
  const batch = encodeBatch(sameRecords(10), options);
  batch.fill(0, batchHeaderBytes);
  deepStrictEqual(readBatchHeader(batch), {
    version: 1,
    class: 2,
    compression: "none",
    epoch: 7n,
    clockOffsetNs: -5n,
    first: 1,
    last: 10,
    count: 10,
    bodyBytes: batch.length - batchHeaderBytes,
    unpackedBytes: batch.length - batchHeaderBytes,
  });
});

Deno.test("columns are dense by row, with the presence of every row", () => {
  const shape = makeShape(parseStream("s"), [{ name: "a", type: "f64" }, { name: "b", type: "bool" }, {
    name: "c",
    type: "str",
  }]);
  const rows = [[1.5, true], [null, false], [], [-0, null]];
  const records = rows.map((values, place) => ({ seq: 4 + place, ts: 10n, shape, values }));
  const { blocks: [block] } = decodeBatch(encodeBatch(records, options), () => shape);
  const { missing, null: absent, value } = presenceStates;
  deepStrictEqual(Array.from(block.seqs), [4, 5, 6, 7]);
  deepStrictEqual(block.columns.map(({ presence }) => Array.from(presence)), [
    [value, absent, missing, value],
    [value, value, missing, absent],
    [missing, missing, missing, missing],
  ]);
  deepStrictEqual(block.columns.map(({ values }) => values), [
    Float64Array.of(1.5, NaN, NaN, -0),
    Uint8Array.of(1, 0, 0, 0),
    undefined,
  ]);
});

Deno.test("what does not fit into a batch is refused as too large", () => {
  const shape = makeShape(parseStream("s"), [{ name: "a", type: "f64s" }]);
  const noise = (seq: number) => Float64Array.from({ length: 4096 }, (_, at) => Math.sin(seq * 4096 + at) * 1e-9);
  const records = [1, 2, 3].map((seq) => ({ seq, ts: 0n, shape, values: [noise(seq)] }));
  throws(() => encodeBatch(records, options), { code: "too_large" });
  const zeros = sameRecords(batchRecordsMax).map((record) => ({ ...record, shape, values: [new Float64Array(300)] }));
  throws(() => encodeBatch(zeros, options), { code: "too_large" });
});

Deno.test("a shape that the lookup lacks is named", () => {
  const records = sameRecords(1);
  throws(() => decodeBatch(encodeBatch(records, options), () => undefined), {
    code: "unknown_shape",
    message: new RegExp(records[0].shape.hash),
  });
});

Deno.test("records out of order are a broken promise", () => {
  const [first, second] = sameRecords(2);
  throws(() => encodeBatch([second, first], options), { code: "ERR_ASSERTION" });
});

Deno.test("packing pays on many like records, and is left away when not wanted", () => {
  const packed = encodeBatch(sameRecords(2000), options);
  const plain = encodeBatch(sameRecords(2000), { ...options, compress: false });
  equal(readBatchHeader(packed).compression, "zstd");
  equal(readBatchHeader(plain).compression, "none");
  ok(packed.length < plain.length / 2);
});

function sameRecords(count: number): FrameRecord[] {
  const shape = makeShape(parseStream("s"), [{ name: "a", type: "f64" }]);
  return Array.from({ length: count }, (_, place) => ({
    seq: 1 + place,
    ts: BigInt(place) * 4_000_000n,
    shape,
    values: [Math.fround(Math.sin(place % 50))],
  }));
}
