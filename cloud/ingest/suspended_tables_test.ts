import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { parseVehicleId } from "#proto/ids.ts";
import { none } from "#proto/ranges.ts";
import { decodedOf } from "./aside.ts";
import { Ledger } from "./ledger.ts";
import { suspendedMaxMs } from "./limits.ts";
import { createOwner } from "./owner.ts";
import { planCommit } from "./plan.ts";
import { recallLedgers } from "./recall.ts";
import { retryWaiting } from "./suspended_tables.ts";
import { batch, numberShape, scenario, suspending } from "./testing/owners.ts";
import { define, telemetry, vehicle } from "./testing/stage.ts";

scenario("a suspended table holds back its own rows, and after a minute they are kept aside", async (stage) => {
  const sick = numberShape("sick");
  const whole = stage.store;
  stage.store = suspending(whole, "sick");
  const ingest = await stage.ingest();
  await ingest.commit([stage.message([define(telemetry), define(sick), batch(1, 2), batch(3, 4, { shape: sick })])]);
  deepStrictEqual(stage.told(), { committed: [{ first: 1, last: 2 }], quarantined: [] });
  strictEqual(ingest.counts.waiting, 1);
  await stage.clock.advance(suspendedMaxMs);
  await ingest.retryWaiting();
  deepStrictEqual(stage.told().quarantined, [{ first: 3, last: 4 }]);
  strictEqual(ingest.counts.waiting, 0);
});

scenario(
  "a suspended table stalls neither its partition nor other tables, and holds back no more than the place",
  async (stage) => {
    const sick = numberShape("sick");
    stage.store = suspending(stage.store, "sick");
    const ingest = await stage.ingest();
    const messages = [
      stage.message([define(telemetry), define(sick), batch(1, 2)]),
      stage.message([batch(3, 4, { shape: sick })]),
      stage.message([batch(5, 6), batch(7, 8, { shape: sick })]),
      stage.message([batch(9, 10)], "backfill"),
    ];
    for (const message of messages) await ingest.commit([message]);
    deepStrictEqual(await stage.seqsIn("telemetry"), [1, 2, 5, 6, 9, 10]);
    const place = async () => (await stage.store.checkpoint(31))?.places.at(-1);
    await ingest.flush();
    deepStrictEqual([(await place())?.live, (await place())?.backfill], [1, 4]);
    await stage.clock.advance(suspendedMaxMs);
    await ingest.retryWaiting();
    await ingest.flush();
    deepStrictEqual([(await place())?.live, (await place())?.backfill], [3, 4]);
    deepStrictEqual((await stage.quarantined()).map(({ code }) => code), ["table_suspended", "table_suspended"]);
  },
);

scenario("a batch that came twice to a suspended table is put aside once, and that stands", async (stage) => {
  const sick = numberShape("sick");
  stage.store = suspending(stage.store, "sick");
  const ingest = await stage.ingest();
  await ingest.commit([stage.message([define(sick), batch(1, 2, { shape: sick })])]);
  await stage.clock.advance(10_000);
  await ingest.commit([stage.message([batch(1, 2, { shape: sick })], "backfill")]);
  await stage.clock.advance(suspendedMaxMs - 10_000);
  for (let time = 0; time < 2; time++) {
    await ingest.retryWaiting();
    await stage.clock.advance(suspendedMaxMs);
  }
  deepStrictEqual(stage.told().committed, []);
  strictEqual(ingest.counts.waiting, 0);
  strictEqual((await stage.quarantined()).length, 1);
});

scenario(
  "rows outlast their vehicle's place in memory, and are decided on what the store knows of it",
  async (stage) => {
    const owner = { ...createOwner(stage.ports()), ledger: new Ledger(1) };
    const [{ deliveries }] = await owner.decoder.unpackAll([stage.message([define(telemetry), batch(1, 2)])]);
    await recallLedgers([vehicle], owner);
    const planned = planCommit(deliveries, { ledger: owner.ledger, replayed: () => false, held: () => none });
    for (const decoded of planned.flatMap(decodedOf)) owner.waiting.add({ ...decoded, sinceMs: 0 });
    for (const id of ["drone-002", "drone-003"]) await recallLedgers([parseVehicleId(id)], owner);
    strictEqual(owner.ledger.has(vehicle), false);
    const verdicts = await retryWaiting(owner);
    deepStrictEqual(verdicts.flatMap(({ committed }) => committed).map(({ ranges }) => ranges), [[{
      first: 1,
      last: 2,
    }]]);
    deepStrictEqual([owner.waiting.size, await stage.seqsIn("telemetry")], [0, [1, 2]]);
  },
);
