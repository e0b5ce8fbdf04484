import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { create } from "@bufbuild/protobuf";
import type { BundleItem } from "#proto/bundle.ts";
import { classNumber } from "#proto/class.ts";
import { LedgerRequestSchema } from "#proto/gen/systemscale/log/v1/ledger_pb.ts";
import { parseStream } from "#proto/ids.ts";
import { encodeShape, makeShape, type Value } from "#proto/shape.ts";
import { allPartitions, batch, scenario } from "./testing/owners.ts";
import { batchOf, damaged, define, startNs, telemetry, vehicle } from "./testing/stage.ts";

scenario("batches become rows, and their ranges are told as committed", async (stage) => {
  const ingest = await stage.ingest();
  await ingest.commit([stage.message([define(telemetry), batch(1, 3), batch(4, 5)])]);
  deepStrictEqual(stage.told(), { committed: [{ first: 1, last: 5 }], quarantined: [] });
  deepStrictEqual(await stage.seqsIn("telemetry"), [1, 2, 3, 4, 5]);
});

scenario("a repeat is not written again, and its verdict is told again", async (stage) => {
  const ingest = await stage.ingest();
  await ingest.commit([stage.message([define(telemetry), batch(1, 4)])]);
  stage.told();
  await ingest.commit([stage.message([batch(3, 6)], "backfill")]);
  const { committed } = stage.told();
  deepStrictEqual(committed, [{ first: 3, last: 6 }]);
  deepStrictEqual(await stage.seqsIn("telemetry"), [1, 2, 3, 4, 5, 6]);
  strictEqual(ingest.counts.rows, 6);
});

scenario("the same batch twice in one commit is written once", async (stage) => {
  const ingest = await stage.ingest();
  await ingest.commit([stage.message([define(telemetry), batch(1, 4), batch(1, 4)])]);
  deepStrictEqual(await stage.seqsIn("telemetry"), [1, 2, 3, 4]);
  strictEqual(ingest.counts.rows, 4);
});

scenario("a repeat with another body changes nothing and is kept aside", async (stage) => {
  const ingest = await stage.ingest();
  await ingest.commit([stage.message([define(telemetry), batch(1, 4)])]);
  await ingest.commit([stage.message([batch(1, 4, { value: (seq) => seq === 2 ? 99 : seq })])]);
  const { rows } = await stage.store.rows({ vehicle, stream: parseStream("telemetry"), limit: 10 });
  deepStrictEqual(rows.map(({ values }) => values.a), [1, 2, 3, 4]);
  const [entry] = await stage.quarantined();
  deepStrictEqual([entry.code, entry.ranges], ["different_body", [{ first: 2, last: 2 }]]);
});

scenario("a repeat that says another time for its records never lands beside them", async (stage) => {
  stage.bucket.set(telemetry.hash, encodeShape(telemetry));
  const ingest = await stage.ingest();
  const record = { seq: 1, ts: startNs, shape: telemetry, values: [1] };
  await ingest.commit([stage.message([define(telemetry), batchOf([record], { clockOffsetNs: 5n })])]);
  await ingest.flush();
  const moved = [
    batchOf([{ ...record, ts: startNs + 1n }], { clockOffsetNs: 5n }),
    batchOf([record], { clockOffsetNs: 6n }),
    batchOf([record], { clockOffsetNs: 5n }),
  ];
  const message = stage.message(moved);
  await ingest.commit([message]);
  // A new owner that has nothing but the store says the same.
  await (await stage.ingest()).commit([message]);
  const { rows } = await stage.store.rows({ vehicle, stream: parseStream("telemetry"), limit: 10 });
  deepStrictEqual(rows.map(({ ts }) => ts), [startNs + 5n]);
  deepStrictEqual((await stage.quarantined()).map(({ code, place }) => [code, place.item]), [
    ["different_body", 0],
    ["different_body", 1],
  ]);
});

scenario("a damaged batch is kept aside with its reason, and blocks nothing", async (stage) => {
  const ingest = await stage.ingest();
  await ingest.commit([stage.message([define(telemetry), batch(1, 4), damaged(batch(5, 8)), batch(9, 9)])]);
  deepStrictEqual(await stage.seqsIn("telemetry"), [1, 2, 3, 4, 9]);
  const told = stage.told();
  deepStrictEqual(told.quarantined, [{ first: 5, last: 8 }]);
  strictEqual((await stage.quarantined())[0].code, "bad_batch");
});

scenario("bytes that are no bundle are kept aside, and what comes behind is not held up", async (stage) => {
  const ingest = await stage.ingest();
  const garbage = { ...stage.message([]), bytes: Uint8Array.of(9, 9, 9, 9, 9) };
  await ingest.commit([garbage, stage.message([define(telemetry), batch(1, 2)])]);
  deepStrictEqual(await stage.seqsIn("telemetry"), [1, 2]);
  strictEqual((await stage.quarantined("unreadable")).length, 1);
});

scenario(
  "everything that is kept aside of one message is kept, and once however often the log is read",
  async (stage) => {
    const garbage = (byte: number): BundleItem => ({ ...batch(1, 2), batch: new Uint8Array(60).fill(byte) });
    const damagedBy = (byte: number): BundleItem => {
      const item = batch(1, 2);
      item.batch[item.batch.length - 1] ^= byte;
      return item;
    };
    const message = stage.message([garbage(1), damagedBy(1), garbage(2), damagedBy(2)]);
    for (let time = 1; time <= 2; time++) {
      const owner = await stage.ingest();
      await owner.commit([message]);
      await stage.clock.advance(1_000);
    }
    const kept = async (id?: string) => (await stage.quarantined(id)).map(({ place }) => place.item);
    // The second damaged one repeats records that are kept aside already.
    deepStrictEqual(await kept(), [0, 2, 1]);
    deepStrictEqual(await kept("unreadable"), []);
  },
);

scenario("gap records and opened epochs are rows, and the ledger reads them", async (stage) => {
  const ingest = await stage.ingest();
  const gap = makeShape(parseStream("ss_gap"), [
    { name: "epoch", type: "str" },
    { name: "class", type: "str" },
    { name: "first", type: "f64" },
    { name: "last", type: "f64" },
    { name: "cause", type: "str" },
  ]);
  const values: Value[] = ["41", "bulk", 5, 9, "overwritten"];
  const records = [{ seq: 1, ts: startNs, shape: gap, values }];
  await ingest.commit([stage.message([define(gap), batchOf(records, { class: classNumber("critical") })])]);
  await ingest.flush();
  const line = (await stage.store.ledger(vehicle)).find((entry) => entry.epoch === 41n);
  deepStrictEqual(line?.gaps, [{ first: 5, last: 9, cause: "overwritten" }]);
  deepStrictEqual(await stage.seqsIn("ss_gap"), [1]);
});

scenario("a vehicle's sessions are forgotten with its partition", async (stage) => {
  const ingest = await stage.ingest();
  const register = (name: string) =>
    ingest.answer(create(LedgerRequestSchema, { vehicleId: vehicle, relay: name, sessionSecret: new Uint8Array(16) }));
  await register("old");
  ingest.disown(allPartitions);
  await ingest.own(allPartitions, { log: stage.log });
  stage.relays.length = 0;
  await ingest.commit([{ ...stage.message([define(telemetry), batch(1, 2)]), tenure: 2 }]);
  await register("new");
  ingest.tellPassed();
  deepStrictEqual(stage.relays, ["dev", "new"]);
});
