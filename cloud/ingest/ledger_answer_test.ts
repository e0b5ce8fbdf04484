import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { create } from "@bufbuild/protobuf";
import { LedgerRequestSchema } from "#proto/gen/systemscale/log/v1/ledger_pb.ts";
import type { Ranges } from "#proto/ranges.ts";
import { encodeShape } from "#proto/shape.ts";
import type { Ingest } from "./ingest.ts";
import { batch, numberShape, scenario, suspending } from "./testing/owners.ts";
import { damaged, define, epoch, telemetry, vehicle } from "./testing/stage.ts";
import { fromWire, toWire } from "./wire.ts";

/** A vehicle's question; what it holds: seqs of the one class of the one epoch. */
function question(seqs: { onBoard?: Ranges; settled?: Ranges }) {
  const line = (ranges: Ranges = []) => toWire([{ epoch, class: "normal", ranges }]);
  return create(LedgerRequestSchema, {
    vehicleId: vehicle,
    relay: "dev",
    sessionSecret: new Uint8Array(16),
    inventory: { onBoard: line(seqs.onBoard), settled: line(seqs.settled) },
  });
}

/** The log's lanes ended there when their readers began. */
function endAt(ingest: Ingest, places: { live: number; backfill: number }): void {
  ingest.handleLaneEnd(1, { lane: "live", sequence: places.live });
  ingest.handleLaneEnd(1, { lane: "backfill", sequence: places.backfill });
}

scenario(
  "the answer to an inventory names what has a verdict, and the ledger learns what is on board",
  async (stage) => {
    const ingest = await stage.ingest();
    await ingest.commit([stage.message([define(telemetry), batch(1, 4)])]);
    const onBoard = toWire([{ epoch, class: "normal", ranges: [{ first: 3, last: 9 }] }]);
    const answer = await ingest.answer(create(LedgerRequestSchema, {
      vehicleId: vehicle,
      relay: "dev",
      sessionSecret: new Uint8Array(16),
      inventory: { onBoard, durable: toWire([{ epoch, class: "normal", ranges: [{ first: 9, last: 9 }] }]) },
    }));
    deepStrictEqual(fromWire(answer.committed)[0].ranges, [{ first: 3, last: 4 }]);
    strictEqual(answer.passed?.live, 1n);
    await ingest.flush();
    const [line] = await stage.store.ledger(vehicle);
    deepStrictEqual([line.expected, line.onBoard, line.committed], [9, [{ first: 3, last: 9 }], [{
      first: 1,
      last: 4,
    }]]);
  },
);

scenario("what a vehicle has a verdict for and the ledger does not know is asked for again, once", async (stage) => {
  const ingest = await stage.ingest();
  endAt(ingest, { live: 0, backfill: 0 });
  await ingest.commit([stage.message([define(telemetry), batch(1, 4), damaged(batch(5, 6))])]);
  const settled = [{ first: 2, last: 9 }];
  const asked = await ingest.answer(question({ settled }));
  deepStrictEqual(fromWire(asked.resend).map(({ ranges }) => ranges), [[{ first: 7, last: 9 }]]);
  strictEqual(ingest.counts.askedAgain, 3);
  await ingest.flush();
  const [line] = await stage.store.ledger(vehicle);
  deepStrictEqual([line.expected, line.onBoard], [9, [{ first: 7, last: 9 }]]);
  // The vehicle has taken its verdict back, and what it sends is fresh.
  const again = await ingest.answer(question({ settled: [{ first: 2, last: 6 }], onBoard: [{ first: 7, last: 9 }] }));
  deepStrictEqual([again.resend, again.committed], [[], []]);
  stage.told();
  await ingest.commit([stage.message([batch(6, 9)], "backfill")]);
  deepStrictEqual(stage.told(), { committed: [{ first: 7, last: 9 }], quarantined: [{ first: 6, last: 6 }] });
  deepStrictEqual(await stage.seqsIn("telemetry"), [1, 2, 3, 4, 7, 8, 9]);
  deepStrictEqual((await ingest.answer(question({ settled }))).resend, []);
});

scenario(
  "nothing is asked for again, and no inventory wanted, while the log may hold what the ledger lacks",
  async (stage) => {
    const messages = [stage.message([define(telemetry), batch(1, 4)]), stage.message([batch(5, 9)], "backfill")];
    const first = await stage.ingest();
    await first.commit(messages);
    // Its verdicts were told and its ledger is not flushed: the next owner reads the same again.
    await stage.clock.advance(1_000);
    const ingest = await stage.ingest();
    const settled = [{ first: 1, last: 9 }];
    const isComparing = async () => {
      const { resend, comparedBy } = await ingest.answer(question({ settled }));
      deepStrictEqual(resend, []);
      ingest.announce();
      return [comparedBy > 0n, stage.announced.splice(0).length > 0];
    };
    deepStrictEqual(await isComparing(), [false, false]);
    ingest.handleLaneEnd(1, { lane: "live", sequence: 1 });
    await ingest.commit(messages.slice(0, 1));
    deepStrictEqual(await isComparing(), [false, false]);
    ingest.handleLaneEnd(1, { lane: "backfill", sequence: 2 });
    deepStrictEqual(await isComparing(), [false, false]);
    await ingest.commit(messages.slice(1));
    deepStrictEqual(await isComparing(), [true, true]);
    strictEqual(ingest.counts.askedAgain, 0);
  },
);

scenario("every start of an owner is told apart from the one before", async (stage) => {
  const began: bigint[] = [];
  for (let start = 1; start <= 2; start++) {
    const ingest = await stage.ingest();
    endAt(ingest, { live: 0, backfill: 0 });
    ingest.announce();
    ingest.announce();
    const { comparedBy } = await ingest.answer(question({}));
    const told = stage.announced.splice(0);
    deepStrictEqual(told.map(({ partitions }) => partitions.length), [32, 32]);
    deepStrictEqual(told.map(({ beganNs }) => beganNs), [comparedBy, comparedBy]);
    began.push(comparedBy);
    await stage.clock.advance(1_000);
  }
  ok(began[0] < began[1]);
});

scenario("what waits for a suspended table is not asked for again", async (stage) => {
  stage.store = suspending(stage.store, "sick");
  const ingest = await stage.ingest();
  const sick = numberShape("sick");
  await ingest.commit([stage.message([define(sick), batch(1, 4, { shape: sick })])]);
  endAt(ingest, { live: 0, backfill: 0 });
  const { resend } = await ingest.answer(question({ settled: [{ first: 1, last: 5 }] }));
  deepStrictEqual(fromWire(resend).map(({ ranges }) => ranges), [[{ first: 5, last: 5 }]]);
});

scenario("rows that an older ledger forgot are written again without becoming double", async (stage) => {
  stage.bucket.set(telemetry.hash, encodeShape(telemetry));
  const first = await stage.ingest();
  await first.commit([stage.message([define(telemetry), batch(1, 4)])]);
  // A ledger that was never flushed, and a log that lost its messages: only the rows and the vehicle know.
  const ingest = await stage.ingest();
  endAt(ingest, { live: 1, backfill: 1 });
  await ingest.commit([stage.message([batch(5, 5)]), stage.message([], "backfill")]);
  const { resend } = await ingest.answer(question({ settled: [{ first: 1, last: 4 }] }));
  deepStrictEqual(fromWire(resend).map(({ ranges }) => ranges), [[{ first: 1, last: 4 }]]);
  stage.told();
  await ingest.commit([stage.message([batch(1, 4)], "backfill")]);
  deepStrictEqual(stage.told(), { committed: [{ first: 1, last: 4 }], quarantined: [] });
  deepStrictEqual(await stage.seqsIn("telemetry"), [1, 2, 3, 4, 5]);
});
