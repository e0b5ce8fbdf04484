/** Repeats, however they are cut: equal ones are told as stored, of others exactly the differing records are kept aside. */
import { deepStrictEqual as equal, ok } from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { Fault } from "#proto/errors.ts";
import { normalize, type Ranges } from "#proto/ranges.ts";
import { encodeShape, type FrameRecord, makeShape, type Shape, type Value } from "#proto/shape.ts";
import { parseEpoch, parseStream } from "#proto/ids.ts";
import { someRecords } from "#proto/testing/records.ts";
import type { RowBlock } from "../lib/store/rows.ts";
import type { Store } from "../lib/store/store.ts";
import { batchOf, damaged, IngestStage, recordsOf, scenario, startNs, telemetry } from "./testing/stage.ts";

const normal = 2;

/** Cuts a run of records into batches behind these places. */
function cutAt(records: readonly FrameRecord[], places: readonly number[]): FrameRecord[][] {
  const cuts = [...new Set(places.map((place) => place % records.length)), 0, records.length].sort((a, b) => a - b);
  return cuts.slice(1).map((end, at) => records.slice(cuts[at], end)).filter((piece) => piece.length > 0);
}

/** Another value of the field's type, by a hair where that can be. */
function other(value: Value, shape: Shape, field: number): Value {
  switch (shape.fields[field].type) {
    case "bool":
      return value !== true;
    case "f64":
      return Object.is(value, 0) ? -0 : Object.is(value, -0) ? 0 : null;
    case "i64":
      return typeof value === "bigint" ? value ^ 1n : 0n;
    case "str":
      return typeof value === "string" ? `${value} ` : "";
    case "f64s":
      return value instanceof Float64Array ? Float64Array.of(...value, 0) : new Float64Array(0);
    case "json":
      return value === '{"a":1}' ? '{"a":-0}' : '{"a":1}';
    case "null":
      return value;
  }
}

/** The record with another time, or with one value changed; nothing else in the world tells it from the first one. */
function changed(record: FrameRecord, field: number): FrameRecord {
  const at = field % (record.shape.fields.length + 1);
  if (at === record.shape.fields.length) return { ...record, ts: record.ts + 1n };
  const value = other(record.values[at] ?? null, record.shape, at);
  const isSame = value === (record.values[at] ?? null) ||
    record.shape.fields[at].type === "f64" && isNothing(record.values[at]);
  return isSame
    ? { ...record, ts: record.ts + 1n }
    : { ...record, values: Array.from(record.shape.fields, (_, i) => i === at ? value : record.values[i]) };
}

/** What is stored as no value. */
function isNothing(value: Value | undefined): boolean {
  return value === undefined || value === null || typeof value === "number" && !Number.isFinite(value);
}

function rangesOf(seqs: readonly number[]): Ranges {
  return normalize(seqs.map((seq) => ({ first: seq, last: seq })));
}

async function keptSince(stage: IngestStage, epoch: bigint): Promise<Ranges> {
  const entries = (await stage.quarantined()).filter((entry) => entry.epoch === epoch);
  ok(entries.every(({ code }) => code === "different_body"), "nothing else is wrong with it");
  return normalize(entries.flatMap(({ ranges }) => ranges));
}

const choices = fc.record({
  records: someRecords,
  cuts: fc.array(fc.nat(), { maxLength: 3 }),
  otherCuts: fc.array(fc.nat(), { maxLength: 3 }),
  /** How many of the first records come in the beginning; the repeat brings the rest, too. */
  known: fc.nat(),
  changes: fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 3 }),
});

scenario(
  "a repeat is stored as far as it is new, told as far as it is equal, and kept aside where it differs",
  async (stage) => {
    let number = 1000n;
    await fc.assert(
      fc.asyncProperty(choices, async ({ records: drawn, cuts, otherCuts, known, changes }) => {
        const epoch = parseEpoch(number++);
        const choice = { epoch, class: normal } as const;
        const records = drawn.map((record, at) => ({ ...record, seq: at + 1, ts: startNs + BigInt(at) }));
        for (const { shape } of records) stage.bucket.set(shape.hash, encodeShape(shape));
        const first = records.slice(0, known % records.length + 1);
        await stage.send(...cutAt(first, cuts).map((piece) => batchOf(piece, choice)));
        equal(stage.told(), { committed: [{ first: 1, last: first.length }], quarantined: [] });

        const repeat = records.slice();
        for (const [place, field] of changes) {
          const at = place % records.length;
          repeat[at] = changed(records[at], field);
        }
        const pieces = cutAt(repeat, otherCuts).map((piece) => stage.put([batchOf(piece, choice)]));
        await stage.ingest.commit(pieces);
        equal(stage.told(), { committed: [{ first: 1, last: records.length }], quarantined: [] });
        const differing = first.filter((record, at) => record !== repeat[at]).map(({ seq }) => seq);
        equal(await keptSince(stage, epoch), rangesOf(differing));
      }),
      { numRuns: 60 },
    );
  },
);

scenario("odd values equal themselves and nothing else", async (stage) => {
  const types = ["f64", "i64", "json", "f64s", "str"] as const;
  const shapes = types.map((type) => makeShape(parseStream("odd"), [{ name: "a", type }, { name: "b", type: "f64" }]));
  const odd: Value[][] = [
    [0, -0, NaN, Infinity, 5e-324, 2 ** 53, null],
    [0n, -(2n ** 63n), 2n ** 63n - 1n, 2n ** 53n + 1n, null],
    ["[0]", "[-0]", "{}", "9007199254740993", "null", "no json", null],
    [Float64Array.of(0), Float64Array.of(-0), new Float64Array(0), Float64Array.of(NaN), null],
    ["", "0", "null", "\0", null],
  ];
  // All under one field's name: the first type gets the column, the others go to the overflow.
  const records = odd.flatMap((values, type) => values.map((value) => ({ shape: shapes[type], values: [value, 1] })))
    .map((record, at): FrameRecord => ({ ...record, seq: at + 1, ts: startNs + BigInt(at) }));
  for (const shape of shapes) stage.bucket.set(shape.hash, encodeShape(shape));
  await stage.send(batchOf(records));
  await stage.send(...records.map((record) => batchOf([record])));
  equal(await stage.quarantined(), []);
  // Each under the key of its neighbour.
  const others = records.slice(1).map((record, at) => ({ ...record, seq: at + 1, ts: startNs + BigInt(at) }));
  await stage.send(...others.map((record) => batchOf([record])));
  const kept = normalize((await stage.quarantined()).flatMap(({ ranges }) => ranges));
  // What is no finite number is stored as none, so the third and the fourth are alike.
  equal(kept, rangesOf(others.map(({ seq }) => seq).filter((seq) => seq !== 3)));
});

scenario(
  "a repeat of what a lazy store has lost is not held against nothing: the replay writes it first",
  async (stage) => {
    await stage.send(batchOf(recordsOf({ first: 1, last: 4 })));
    await stage.ingest.flush();
    await stage.send(batchOf(recordsOf({ first: 2, last: 4 })));
    // As after a power cut.
    const database = new DatabaseSync(stage.path);
    database.exec("DELETE FROM telemetry");
    database.close();
    await stage.restart({ replay: true });
    equal(await stage.values(), { 1: 1, 2: 2, 3: 3, 4: 4 });
    equal(await stage.quarantined(), []);
  },
);

Deno.test("another body is kept aside by the commit that stores its neighbours", async () => {
  const calls: string[] = [];
  const counting = (store: Store) =>
    new Proxy(store, {
      get: (whole, name) => {
        if (name === "write" || name === "quarantine") calls.push(name);
        return Reflect.get(whole, name).bind(whole);
      },
    });
  const stage = new IngestStage(counting);
  try {
    stage.bucket.set(telemetry.hash, encodeShape(telemetry));
    await stage.restart();
    await stage.send(batchOf(recordsOf({ first: 1, last: 4 })));
    await stage.send(
      batchOf(recordsOf({ first: 1, last: 2 }, { value: () => 99 })),
      damaged(batchOf(recordsOf({ first: 7, last: 8 }))),
      batchOf(recordsOf({ first: 5, last: 6 })),
    );
    equal(calls, ["write", "write"]);
    equal((await stage.quarantined()).map(({ code }) => code), ["different_body", "bad_batch"]);
    equal(stage.told(), { committed: [{ first: 1, last: 6 }], quarantined: [{ first: 7, last: 8 }] });
  } finally {
    await stage.close();
  }
});

scenario(
  "a repeat with times that no database takes is kept aside, and what comes behind is not held up",
  async (stage) => {
    const records = recordsOf({ first: 1, last: 2 });
    await stage.send(batchOf(records));
    stage.told();
    for (const clockOffsetNs of [2n ** 63n - 1n, -(2n ** 63n)]) await stage.send(batchOf(records, { clockOffsetNs }));
    await stage.send(batchOf(recordsOf({ first: 3, last: 3 })));
    equal(stage.told(), { committed: [{ first: 1, last: 3 }], quarantined: [] });
    equal(await stage.values(), { 1: 1, 2: 2, 3: 3 });
    equal((await stage.quarantined()).map(({ code, ranges }) => [code, ranges]), [
      ["different_body", [{ first: 1, last: 2 }]],
      ["different_body", [{ first: 1, last: 2 }]],
    ]);
  },
);

Deno.test("a repeat that the store cannot compare holds up nothing behind it", async () => {
  const failing = (store: Store) =>
    new Proxy(store, {
      get: (whole, name) => {
        const found = Reflect.get(whole, name).bind(whole);
        if (name !== "compare") return found;
        return (blocks: readonly RowBlock[]) =>
          blocks.some(({ block }) => block.seqs.includes(2))
            ? Promise.reject(new Fault("store_failed", "no"))
            : found(blocks);
      },
    });
  const stage = new IngestStage(failing);
  try {
    stage.bucket.set(telemetry.hash, encodeShape(telemetry));
    await stage.restart();
    await stage.send(batchOf(recordsOf({ first: 1, last: 4 })));
    const repeats = [[1, 2], [3, 4]].map(([first, last]) => batchOf(recordsOf({ first, last })));
    await stage.clock.run(stage.send(...repeats, batchOf(recordsOf({ first: 5, last: 6 }))));
    equal((await stage.quarantined()).map(({ code, ranges }) => [code, ranges]), [["store_failed", [{
      first: 1,
      last: 2,
    }]]]);
    equal(stage.told().committed, [{ first: 1, last: 6 }]);
  } finally {
    await stage.close();
  }
});
