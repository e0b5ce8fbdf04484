/** Whatever lies in the log: it goes aside alone, once, with its place and a reason, and its neighbours are stored. */
import { deepStrictEqual as equal, ok } from "node:assert/strict";
import { constants, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { type BatchHeader, batchHeaderBytes, readBatchHeader } from "#proto/batch.ts";
import { writeBatchHeader } from "#proto/batch/header.ts";
import { type BundleItem, encodeBundle } from "#proto/bundle.ts";
import { Fault, isCode } from "#proto/errors.ts";
import { parseEpoch, parseStream, parseVehicleId } from "#proto/ids.ts";
import { batchUnpackedBytesMax, bundleBytesMax } from "#proto/limits.ts";
import { encodeShape, type FrameRecord, makeShape } from "#proto/shape.ts";
import { someRecords } from "#proto/testing/records.ts";
import { storedNsMax } from "../lib/store/limits.ts";
import type { QuarantineEntry } from "../lib/store/quarantine_entry.ts";
import type { Store } from "../lib/store/store.ts";
import { unreadableVehicle } from "./quarantine.ts";
import {
  type BatchItem,
  batchOf,
  define,
  IngestStage,
  recordsOf,
  scenario,
  telemetry,
  vehicle,
} from "./testing/stage.ts";

const hostileEpoch = parseEpoch(0x7fff_0000_0000_0001n);
const stranger = parseVehicleId("not-of-this-partition");

/** The batch under a header of anybody's choice, with a CRC that is right. */
function sealed(item: BatchItem, body: Uint8Array, header: Partial<BatchHeader> = {}): BatchItem {
  const batch = new Uint8Array(batchHeaderBytes + body.length);
  batch.set(body, batchHeaderBytes);
  const lengths = { bodyBytes: body.length, unpackedBytes: body.length, compression: "none" } as const;
  writeBatchHeader(batch, { ...readBatchHeader(item.batch), ...lengths, ...header });
  return { ...item, batch };
}

function hostile(records: readonly FrameRecord[]): BatchItem {
  return batchOf(records, { epoch: hostileEpoch });
}

/** The same bytes with some of them other, and cut. */
function mutated(bytes: Uint8Array, hits: readonly (readonly [number, number])[], cut: number): Uint8Array {
  const copy = bytes.slice(0, Math.max(1, bytes.length - cut));
  for (const [at, byte] of hits) copy[at % copy.length] = byte;
  return copy;
}

const hits = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 });
const cut = fc.oneof(fc.constant(0), fc.nat(40));
const wildNs = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });

/** Messages that nobody should ever put into the log. */
const poison: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc.uint8Array({ maxLength: 100 }).map((bytes) => Uint8Array.of(1, ...bytes)),
  fc.tuple(someRecords, hits, cut).map(([records, hits, cut]) => mutated(encodeBundle([hostile(records)]), hits, cut)),
  fc.tuple(someRecords, hits, cut).map(([records, hits, cut]) => {
    const item = hostile(records);
    return encodeBundle([sealed(item, mutated(item.batch.subarray(batchHeaderBytes), hits, cut))]);
  }),
  fc.tuple(someRecords, hits).map(([records, hits]) => {
    const definitions = records.map(({ shape }) => encodeShape(shape)).map((bytes) => mutated(bytes, hits, 0));
    return encodeBundle(definitions.slice(0, 4).map((definition) => ({ kind: "shape", definition })));
  }),
  fc.tuple(someRecords, wildNs).map(([records, ns]) => {
    const item = hostile(records);
    return encodeBundle([
      ...shapesOf(records),
      sealed(item, item.batch.subarray(batchHeaderBytes), { clockOffsetNs: ns }),
    ]);
  }),
  fc.tuple(someRecords, wildNs).map(([records, ns]) => {
    const item = hostile(records);
    return encodeBundle([{ ...item, header: { ...item.header, receivedAtNs: ns, relay: item.header.relay } }]);
  }),
  someRecords.map((records) => {
    const item = hostile(records);
    return encodeBundle([...shapesOf(records), { ...item, header: { ...item.header, vehicle: stranger } }]);
  }),
);

function shapesOf(records: readonly FrameRecord[]): BundleItem[] {
  return [...new Map(records.map(({ shape }) => [shape.hash, shape])).values()].slice(0, 8).map(define);
}

async function allKept(stage: IngestStage): Promise<QuarantineEntry[]> {
  const { counts } = await stage.store.quarantineCounts({ limit: 1000 });
  const vehicles = [...new Set(counts.map(({ vehicle }) => vehicle))];
  return (await Promise.all(vehicles.map((one) => stage.quarantined(one)))).flat();
}

scenario(
  "whatever lies in the log, its neighbours are stored, and what is kept has its place and a code",
  async (stage) => {
    let next = 1;
    const good = () => [batchOf(recordsOf({ first: next, last: (next += 2) - 1 }))];
    const places = new Set<number>();
    await fc.assert(
      fc.asyncProperty(fc.array(poison, { minLength: 1, maxLength: 4 }), async (bad) => {
        const first = next;
        const messages = [stage.put(good())];
        for (const bytes of bad) {
          const lane = bytes.length % 2 === 0 ? "live" : "backfill";
          messages.push(stage.put(bytes, { lane }), stage.put(good()));
          places.add(messages[messages.length - 2].place.sequence);
        }
        stage.told();
        await stage.ingest.commit(messages);
        const line = stage.notices.flatMap(({ entries }) => entries.flatMap(({ committed }) => committed));
        ok(
          line.some((one) =>
            one.ranges.some((range) => Number(range.first) <= first && Number(range.last) === next - 1)
          ),
        );
      }),
      { numRuns: 120 },
    );
    equal(
      (await stage.rows()).filter(({ epoch }) => epoch !== hostileEpoch).map(({ seq }) => seq),
      Array.from({ length: next - 1 }, (_, at) => at + 1),
    );
    const kept = await allKept(stage);
    ok(kept.length > 50, `${kept.length} kept`);
    for (const entry of kept) {
      ok(places.has(entry.place.sequence), "of a message that is poison");
      ok(isCode(entry.code) && entry.reason !== "", `code and reason of ${Deno.inspect(entry)}`);
    }
    // Each of them once more: nothing is kept twice, and nothing of it becomes rows.
    await stage.restart();
    equal(new Set(await allKept(stage)), new Set(kept));
  },
);

scenario("of a batch with one time that no table takes, that one record is kept aside", async (stage) => {
  const records = recordsOf({ first: 1, last: 5 }).map((record) =>
    record.seq === 3 ? { ...record, ts: storedNsMax + 1n } : record
  );
  await stage.send(batchOf(records));
  const others = [{ first: 1, last: 2 }, { first: 4, last: 5 }];
  equal(stage.told(), { committed: others, quarantined: [{ first: 3, last: 3 }] });
  const [entry] = await stage.quarantined();
  equal([entry.code, entry.ranges], ["bad_batch", [{ first: 3, last: 3 }]]);
  equal(Object.keys(await stage.values()), ["1", "2", "4", "5"]);
});

scenario("a bomb costs no more than a batch may unpack to, and is kept packed", async (stage) => {
  const bomb = zstdCompressSync(new Uint8Array(256 * 1024 * 1024), {
    params: { [constants.ZSTD_c_compressionLevel]: 1 },
  });
  const before = Deno.memoryUsage().rss;
  const bombs = [batchUnpackedBytesMax, 100].map((unpackedBytes, at) =>
    sealed(hostile(recordsOf({ first: at + 1, last: at + 1 })), bomb, { compression: "zstd", unpackedBytes })
  );
  for (const one of bombs) await stage.send(one);
  ok(Deno.memoryUsage().rss - before < 64 * 1024 * 1024);
  equal(
    (await stage.quarantined()).map(({ code, bytes }) => [code, bytes]),
    bombs.map(({ batch }) => ["bad_batch", batch.length]),
  );
});

scenario("messages of absurd sizes are kept whole: as large as the log takes, and empty", async (stage) => {
  const huge = new Uint8Array(1024 * 1024).fill(1);
  await stage.ingest.commit([
    stage.put(huge),
    stage.put(new Uint8Array(0)),
    stage.put([batchOf(recordsOf({ first: 1, last: 1 }))]),
  ]);
  const kept = await stage.quarantined(unreadableVehicle);
  equal(kept.map(({ bytes, code }) => [bytes, code]), [[huge.length, "bad_batch"], [0, "bad_batch"]]);
  ok(huge.length > bundleBytesMax);
  equal(await stage.values(), { 1: 1 });
});

scenario("a batch on a partition that is not its vehicle's is kept aside for nobody", async (stage) => {
  const item = batchOf(recordsOf({ first: 1, last: 2 }), { vehicle: stranger });
  await stage.send(item, batchOf(recordsOf({ first: 1, last: 2 })));
  const [entry] = await stage.quarantined(unreadableVehicle);
  equal([entry.code, entry.bytes, entry.place.item], ["bad_batch", item.batch.length, 0]);
  equal([await stage.quarantined(stranger), stage.told().committed], [[], [{ first: 1, last: 2 }]]);
});

scenario("a shape that was never delivered is sought once in a commit, however many batches lack it", async (stage) => {
  const shape = makeShape(parseStream("never"), [{ name: "a", type: "f64" }]);
  let sought = 0;
  const find = stage.bucket.get.bind(stage.bucket);
  stage.bucket.get = (hash) => {
    sought++;
    return find(hash);
  };
  const messages = Array.from(
    { length: 20 },
    (_, at) => stage.put([batchOf(recordsOf({ first: at + 1, last: at + 1 }, { shape }))]),
  );
  await stage.ingest.commit(messages);
  equal([sought, (await stage.quarantined()).length], [1, 20]);
});

Deno.test("a block that the store refuses is kept aside alone, with the store's reason", async () => {
  const refusing = (store: Store) => {
    const write: Store["write"] = (blocks, aside) =>
      blocks.some(({ block }) => block.seqs[0] === 3)
        ? Promise.reject(new Fault("store_failed", "QuestDB answers 400, bad line"))
        : store.write(blocks, aside);
    return new Proxy(store, { get: (whole, name) => name === "write" ? write : Reflect.get(whole, name).bind(whole) });
  };
  const stage = new IngestStage(refusing);
  try {
    stage.bucket.set(telemetry.hash, encodeShape(telemetry));
    await stage.restart();
    await stage.send(...[1, 3, 5, 7].map((first) => batchOf(recordsOf({ first, last: first + 1 }))));
    equal(stage.told(), {
      committed: [{ first: 1, last: 2 }, { first: 5, last: 8 }],
      quarantined: [{ first: 3, last: 4 }],
    });
    const [entry] = await stage.quarantined();
    equal([entry.code, entry.reason, entry.vehicle], ["store_failed", "QuestDB answers 400, bad line", vehicle]);
  } finally {
    await stage.close();
  }
});
