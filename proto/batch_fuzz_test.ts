import { deepStrictEqual, ok } from "node:assert/strict";
import fc from "fast-check";
import { type BatchHeader, batchHeaderBytes, decodeBatch, encodeBatch, readBatchHeader, recordsOf } from "./batch.ts";
import { writeBatchHeader } from "./batch/header.ts";
import { Fault } from "./errors.ts";
import { parseEpoch, parseStream } from "./ids.ts";
import { type FrameRecord, makeShape, type Shape } from "./shape.ts";
import { shapesOf, someRecords } from "./testing/records.ts";

const options = { epoch: parseEpoch(7n), class: 2, clockOffsetNs: 0n } as const;

/** Decodes hostile bytes: records, or undefined when they are refused as they should be. */
function attempt(bytes: Uint8Array, shapes: ReadonlyMap<string, Shape>): FrameRecord[] | undefined {
  try {
    return recordsOf(decodeBatch(bytes, (hash) => shapes.get(hash)));
  } catch (thrown) {
    ok(thrown instanceof Fault && (thrown.code === "bad_batch" || thrown.code === "unknown_shape"), String(thrown));
    return undefined;
  }
}

/** A batch of any body under a header that fits it. */
function sealed(body: Uint8Array, header: Partial<BatchHeader>): Uint8Array {
  const batch = new Uint8Array(batchHeaderBytes + body.length);
  batch.set(body, batchHeaderBytes);
  const lengths = { bodyBytes: body.length, unpackedBytes: body.length };
  const rest = { version: 1, compression: "none", first: 1, last: 1, count: 1, ...lengths } as const;
  writeBatchHeader(batch, { ...options, ...rest, ...header });
  return batch;
}

Deno.test("a batch cut at any byte, or with any bit flipped, is refused", () => {
  const records = fc.sample(someRecords, { numRuns: 3, seed: 1 });
  for (const batch of records.map((run) => ({ bytes: encodeBatch(run, options), shapes: shapesOf(run) }))) {
    for (let length = 0; length < batch.bytes.length; length++) {
      deepStrictEqual(attempt(batch.bytes.subarray(0, length), batch.shapes), undefined);
    }
    for (let bit = 0; bit < 8 * batch.bytes.length; bit++) {
      const flipped = batch.bytes.slice();
      flipped[bit >> 3] ^= 1 << (bit & 7);
      deepStrictEqual(attempt(flipped, batch.shapes), undefined);
    }
  }
});

Deno.test("random bytes are refused", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => attempt(bytes, new Map()) === undefined));
});

Deno.test("a hostile body under a true CRC is refused, or gives records", () => {
  const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(someRecords, damage, fc.nat(), (records, hits, cut) => {
      const batch = encodeBatch(records, { ...options, compress: false });
      const body = batch.slice(batchHeaderBytes);
      for (const [at, byte] of hits) body[at % body.length] = byte;
      const { first, last, count } = readBatchHeader(batch);
      const shapes = shapesOf(records);
      attempt(sealed(body, { first, last, count }), shapes);
      attempt(sealed(body.subarray(0, cut % body.length), { first, last, count }), shapes);
    }),
    { numRuns: 250 },
  );
});

Deno.test("random bytes in the place of columns are refused, or give records", () => {
  const types = ["f64", "f64s", "str", "i64", "bool", "null"] as const;
  const shape = makeShape(parseStream("s"), types.map((type, place) => ({ name: `f${place}`, type })));
  const start = [1, ...Uint8Array.fromHex(shape.hash), 0, 0, 0, 0, 0, 0, 0, 0];
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.integer({ min: 1, max: 4096 }), (columns, count) => {
      attempt(sealed(Uint8Array.of(...start, ...columns), { last: count, count }), new Map([[shape.hash, shape]]));
    }),
    { numRuns: 500 },
  );
});

Deno.test("a few bytes cannot ask for a thousand times their memory", () => {
  const fields = Array.from({ length: 1024 }, (_, place) => ({ name: `f${place}`, type: "f64s" as const }));
  const shape = makeShape(parseStream("s"), fields);
  // Every column: values, 4096 elements in each row, all constant 0.
  const column = [0, 0x81, 0x20, ...Array.from({ length: 4096 }, () => [0x20, 0, 0]).flat()];
  const times = [0x20, 0, 0];
  const body = Uint8Array.of(1, ...Uint8Array.fromHex(shape.hash), ...new Uint8Array(8), ...times, ...column);
  const before = Deno.memoryUsage().rss;
  deepStrictEqual(attempt(sealed(body, { last: 4096, count: 4096 }), new Map([[shape.hash, shape]])), undefined);
  ok(Deno.memoryUsage().rss - before < 64 * 1024 * 1024);
});
