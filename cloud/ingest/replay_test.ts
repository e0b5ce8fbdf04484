/** New owners, and owners whose store was started again: what of the log is worked once more, and what comes of it. */
import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { parseStream } from "#proto/ids.ts";
import { encodeShape } from "#proto/shape.ts";
import type { Ingest } from "./ingest.ts";
import { flushIntervalMs } from "./limits.ts";
import { allPartitions, batch, scenario } from "./testing/owners.ts";
import { damaged, define, telemetry, vehicle } from "./testing/stage.ts";

scenario("a new owner goes on where the ledger was flushed, and reads the rest again without harm", async (stage) => {
  stage.bucket.set(telemetry.hash, encodeShape(telemetry));
  const first = await stage.ingest();
  const messages = [stage.message([batch(1, 2)]), stage.message([batch(3, 4)])];
  await first.commit([messages[0]]);
  await first.flush();
  await first.commit([messages[1]]);
  // The owner is gone here, without a flush; the log gives everything behind the checkpoint again.
  const second = await stage.ingest();
  stage.told();
  await second.commit(messages);
  deepStrictEqual(stage.told().committed, [{ first: 3, last: 4 }]);
  deepStrictEqual(await stage.seqsIn("telemetry"), [1, 2, 3, 4]);
});

scenario(
  "what a lazy store forgot in a power cut is written again, by a new owner or by one that goes on",
  async (stage) => {
    const first = await stage.ingest();
    const messages = [
      stage.message([define(telemetry), batch(1, 2)]),
      stage.message([batch(3, 4)]),
      stage.message([damaged(batch(5, 6))]),
    ];
    await first.commit(messages.slice(0, 1));
    await first.flush();
    await stage.keep();
    await stage.clock.advance(flushIntervalMs);
    await first.commit(messages.slice(1));
    await first.flush();
    await stage.cutPower();
    deepStrictEqual(await stage.seqsIn("telemetry"), [1, 2]);

    const read = [...messages, stage.message([batch(7, 7)])];
    const replay = async (owner: Ingest, tenure: number) => {
      stage.told();
      await owner.commit(read.map((message) => ({ ...message, tenure })));
      deepStrictEqual(stage.told(), {
        committed: [{ first: 1, last: 4 }, { first: 7, last: 7 }],
        quarantined: [{ first: 5, last: 6 }],
      });
      deepStrictEqual(await stage.seqsIn("telemetry"), [1, 2, 3, 4, 7]);
      strictEqual((await stage.quarantined()).length, 1);
    };
    await first.flush();
    deepStrictEqual(await first.ownedBeforeRestart(), allPartitions);
    const { tenure, from, isReplay } = await first.own(allPartitions, { log: stage.log });
    deepStrictEqual([from, isReplay], [{ live: 0, backfill: 0 }, true]);
    await replay(first, tenure);
    await stage.cutPower();
    await replay(await stage.ingest(), 1);
  },
);

scenario(
  "rows that a power cut took are written again although the ledger's line was kept, and no checkpoint",
  async (stage) => {
    await stage.keep();
    const first = await stage.ingest();
    const message = stage.message([define(telemetry), batch(1, 2)]);
    await first.commit([message]);
    await first.flush();
    const lines = await stage.store.ledger(vehicle);
    await stage.cutPower();
    await stage.store.saveLedger(lines);
    await (await stage.ingest()).commit([message]);
    deepStrictEqual(await stage.seqsIn("telemetry"), [1, 2]);
    deepStrictEqual(await stage.quarantined(), []);
  },
);

scenario("rows that a power cut took are written again although the ledger's line was kept", async (stage) => {
  const first = await stage.ingest();
  const messages = [stage.message([define(telemetry), batch(1, 2)]), stage.message([batch(3, 4)])];
  await first.commit(messages.slice(0, 1));
  await first.flush();
  await stage.keep();
  await first.commit(messages.slice(1));
  await first.flush();
  const lines = await stage.store.ledger(vehicle);
  await stage.cutPower();
  await stage.store.saveLedger(lines);
  const second = await stage.ingest();
  messages.push(stage.message([batch(3, 4, { value: () => 99 })]));
  await second.commit(messages);
  deepStrictEqual(await stage.seqsIn("telemetry"), [1, 2, 3, 4]);
  deepStrictEqual((await stage.quarantined()).map(({ place }) => place.sequence), [3]);
  const { rows } = await stage.store.rows({ vehicle, stream: parseStream("telemetry"), limit: 10 });
  deepStrictEqual(rows.map(({ values }) => values.a), [1, 2, 3, 4]);
});

scenario(
  "of two bodies for rows that a power cut took, the first in the log is written, the other kept aside",
  async (stage) => {
    await stage.keep();
    const first = await stage.ingest();
    const messages = [
      stage.message([define(telemetry), batch(1, 2)]),
      stage.message([batch(1, 2, { value: () => 99 })]),
    ];
    await first.commit(messages.slice(0, 1));
    await first.flush();
    const lines = await stage.store.ledger(vehicle);
    await stage.cutPower();
    await stage.store.saveLedger(lines);
    await (await stage.ingest()).commit(messages);
    const { rows } = await stage.store.rows({ vehicle, stream: parseStream("telemetry"), limit: 10 });
    deepStrictEqual(rows.map(({ values }) => values.a), [1, 2]);
    deepStrictEqual((await stage.quarantined()).map(({ code, place }) => [code, place.sequence]), [[
      "different_body",
      2,
    ]]);
  },
);
