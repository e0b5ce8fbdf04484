import { deepStrictEqual as equal, ok } from "node:assert/strict";
import { create } from "@bufbuild/protobuf";
import {
  type QuarantineAnswer,
  QuarantineRequest_Action as Action,
  QuarantineRequestSchema,
} from "#proto/gen/systemscale/log/v1/quarantine_pb.ts";
import { parseStream } from "#proto/ids.ts";
import { encodeShape, makeShape } from "#proto/shape.ts";
import { quarantineId } from "../lib/store/quarantine_documents.ts";
import type { QuarantineEntry } from "../lib/store/quarantine_entry.ts";
import { batchOf, damaged, define, type IngestStage, recordsOf, scenario, startNs, vehicle } from "./testing/stage.ts";
import { unreadableVehicle } from "./quarantine.ts";

const late = makeShape(parseStream("late"), [{ name: "a", type: "f64" }]);
const all = [{ first: 1, last: 4 }];

function ask(stage: IngestStage, action: Action, entry: QuarantineEntry): Promise<QuarantineAnswer> {
  const request = { vehicleId: entry.vehicle, entry: quarantineId(entry), action };
  return stage.ingest.decide(create(QuarantineRequestSchema, request));
}

async function bytesOf(stage: IngestStage, entry: QuarantineEntry): Promise<number> {
  return (await stage.store.quarantinedBatch(entry.vehicle, quarantineId(entry))).length;
}

/** Four records of a shape that nobody knows, kept aside. */
async function unknownShape(stage: IngestStage): Promise<QuarantineEntry> {
  await stage.send(batchOf(recordsOf({ first: 1, last: 4 }, { shape: late })));
  const [entry] = await stage.quarantined();
  equal([entry.code, entry.ranges, stage.told().quarantined], ["unknown_shape", all, all]);
  return entry;
}

scenario("a batch that can be opened by now is stored, and its seqs are no longer quarantined", async (stage) => {
  const entry = await unknownShape(stage);
  stage.bucket.set(late.hash, encodeShape(late));
  equal((await ask(stage, Action.RETRY, entry)).code, "");
  equal(await stage.values("late"), { 1: 1, 2: 2, 3: 3, 4: 4 });
  const [retried] = await stage.quarantined();
  equal([retried.state, retried.tries, retried.decidedAtNs], ["retried", 1, stage.clock.wallNs()]);
  // In the store, not just in memory.
  const line = await stage.line();
  equal([line?.committed, line?.quarantined], [all, []]);
  equal((await ask(stage, Action.RETRY, entry)).code, "");
  equal((await stage.quarantined())[0].tries, 1);
  equal((await ask(stage, Action.DROP, entry)).code, "already_decided");
});

scenario("a batch that fails again stays, with its newest reason and the count of tries", async (stage) => {
  const entry = await unknownShape(stage);
  for (let tries = 1; tries <= 2; tries++) {
    const answer = await ask(stage, Action.RETRY, entry);
    equal(answer.code, "unknown_shape");
    const [again] = await stage.quarantined();
    equal([again.state, again.tries, again.reason], ["kept", tries, answer.reason]);
  }
  stage.bucket.set(late.hash, encodeShape(late));
  equal((await ask(stage, Action.RETRY, entry)).code, "");
  equal((await stage.quarantined())[0].tries, 3);
});

scenario(
  "of a batch of which other batches have stored a part, a retry stores what is missing alone",
  async (stage) => {
    await stage.send(batchOf(recordsOf({ first: 2, last: 3 })));
    await stage.send(batchOf(recordsOf({ first: 1, last: 4 }, { shape: late })));
    const [missing, repeated] = await stage.quarantined();
    equal(missing.ranges, [{ first: 1, last: 1 }, { first: 4, last: 4 }]);
    equal(repeated.ranges, [{ first: 2, last: 3 }]);
    stage.bucket.set(late.hash, encodeShape(late));
    equal((await ask(stage, Action.RETRY, missing)).code, "");
    const answer = await ask(stage, Action.RETRY, repeated);
    equal([answer.code, answer.different.map(({ first, last }) => [first, last])], ["different_body", [[2n, 3n]]]);
    equal([await stage.values(), await stage.values("late")], [{ 2: 2, 3: 3 }, { 1: 1, 4: 4 }]);
  },
);

scenario("a body that differs from stored rows never replaces them, and is told with them", async (stage) => {
  await stage.send(batchOf(recordsOf({ first: 1, last: 4 })));
  await stage.send(batchOf(recordsOf({ first: 1, last: 4 }, { value: (seq) => seq === 2 ? 99 : seq })));
  const [entry] = await stage.quarantined();
  equal([entry.code, entry.ranges], ["different_body", [{ first: 2, last: 2 }]]);
  const answer = await ask(stage, Action.RETRY, entry);
  equal([answer.code, answer.different.length, answer.stored.length], ["different_body", 1, 1]);
  const [row] = answer.stored;
  equal([row.stream, row.seq, row.ts, row.values], ["telemetry", 2n, startNs + 2_000_000n, '{"a":2}']);
  equal(await stage.values(), { 1: 1, 2: 2, 3: 3, 4: 4 });
  equal((await stage.quarantined())[0].tries, 1);
});

scenario("a repeat that is found equal by now is done with", async (stage) => {
  await stage.send(batchOf(recordsOf({ first: 1, last: 4 })));
  await stage.send(damaged(batchOf(recordsOf({ first: 1, last: 4 }))));
  const [entry] = await stage.quarantined();
  // As if the code that could not read it had been wrong.
  const whole = batchOf(recordsOf({ first: 1, last: 4 })).batch;
  await stage.store.quarantine([{ entry, batch: whole }]);
  equal((await ask(stage, Action.RETRY, entry)).code, "");
  equal((await stage.quarantined())[0].state, "retried");
  equal(stage.told(), { committed: all, quarantined: [] });
});

scenario("a dropped batch has no bytes any more, and its seqs stay quarantined", async (stage) => {
  const entry = await unknownShape(stage);
  ok(await bytesOf(stage, entry) > 0);
  for (let time = 1; time <= 2; time++) {
    equal((await ask(stage, Action.DROP, entry)).code, "");
    const [dropped] = await stage.quarantined();
    equal([dropped.state, dropped.decidedAtNs, dropped.bytes], ["dropped", stage.clock.wallNs(), entry.bytes]);
    equal(await bytesOf(stage, entry), 0);
  }
  const line = await stage.line();
  equal([line?.committed, line?.quarantined], [[], all]);
  stage.bucket.set(late.hash, encodeShape(late));
  equal((await ask(stage, Action.RETRY, entry)).code, "already_decided");
  equal(await stage.values("late"), {});
});

for (const replay of [false, true]) {
  const how = replay ? "replayed" : "read again";

  scenario(`a batch that was retried and is ${how} is not kept aside again`, async (stage) => {
    const entry = await unknownShape(stage);
    stage.bucket.set(late.hash, encodeShape(late));
    await ask(stage, Action.RETRY, entry);
    if (replay) await stage.ingest.flush();
    await stage.restart({ replay });
    equal((await stage.quarantined()).map(({ state, tries }) => [state, tries]), [["retried", 1]]);
    equal(await stage.values("late"), { 1: 1, 2: 2, 3: 3, 4: 4 });
    await stage.ingest.flush();
    const line = await stage.line();
    equal([line?.committed, line?.quarantined], [all, []]);
  });

  scenario(`a batch that was dropped and is ${how} stays dropped, though it could be stored now`, async (stage) => {
    const entry = await unknownShape(stage);
    await ask(stage, Action.DROP, entry);
    stage.bucket.set(late.hash, encodeShape(late));
    if (replay) await stage.ingest.flush();
    await stage.restart({ replay });
    equal((await stage.quarantined()).map(({ state }) => state), ["dropped"]);
    equal([await bytesOf(stage, entry), await stage.values("late")], [0, {}]);
    await stage.ingest.flush();
    equal((await stage.line())?.quarantined, all);
  });

  scenario(`another body that was dropped and is ${how} neither comes back nor replaces rows`, async (stage) => {
    await stage.send(batchOf(recordsOf({ first: 1, last: 4 })));
    await stage.ingest.flush();
    await stage.clock.advance(1_000_000);
    await stage.ingest.flush();
    await stage.send(batchOf(recordsOf({ first: 1, last: 4 }, { value: (seq) => -seq })));
    const [entry] = await stage.quarantined();
    await ask(stage, Action.DROP, entry);
    if (replay) await stage.ingest.flush();
    await stage.restart({ replay });
    equal((await stage.quarantined()).map(({ state }) => state), ["dropped"]);
    equal(await bytesOf(stage, entry), 0);
    equal(await stage.values(), { 1: 1, 2: 2, 3: 3, 4: 4 });
  });
}

scenario("a batch that names no range is stored for its vehicle once it can be read", async (stage) => {
  const good = batchOf(recordsOf({ first: 1, last: 4 }));
  const unknownVersion = { ...good, batch: good.batch.with(0, 9) };
  await stage.send(unknownVersion);
  const [entry] = await stage.quarantined();
  equal([entry.ranges, stage.told()], [[], { committed: [], quarantined: [] }]);
  equal((await ask(stage, Action.RETRY, entry)).code, "bad_batch");
  await stage.store.quarantine([{ entry, batch: good.batch }]);
  equal((await ask(stage, Action.RETRY, entry)).code, "");
  equal([(await stage.quarantined())[0].state, (await stage.line())?.committed], ["retried", all]);
});

scenario(
  "what names no vehicle cannot be retried, but dropped, and is not kept again when it is read again",
  async (stage) => {
    await stage.ingest.commit([stage.put(Uint8Array.of(9, 9, 9))]);
    const [entry] = await stage.quarantined(unreadableVehicle);
    equal((await ask(stage, Action.RETRY, entry)).code, "bad_batch");
    equal((await ask(stage, Action.DROP, entry)).code, "");
    await stage.restart();
    equal((await stage.quarantined(unreadableVehicle)).map(({ state }) => state), ["dropped"]);
  },
);

scenario("a retry reads the vehicle's own records as a first try does", async (stage) => {
  const gap = makeShape(parseStream("ss_gap"), [
    { name: "epoch", type: "str" },
    { name: "class", type: "str" },
    { name: "first", type: "f64" },
    { name: "last", type: "f64" },
    { name: "cause", type: "str" },
  ]);
  const record = { seq: 1, ts: startNs, shape: gap, values: ["41", "bulk", 5, 9, "overwritten"] };
  await stage.send(batchOf([record]));
  const [entry] = await stage.quarantined();
  await stage.send(define(gap));
  equal((await ask(stage, Action.RETRY, entry)).code, "");
  await stage.ingest.flush();
  const line = (await stage.store.ledger(vehicle)).find((one) => one.epoch === 41n);
  equal(line?.gaps, [{ first: 5, last: 9, cause: "overwritten" }]);
});

scenario("what is not there, or not known, is answered with its code", async (stage) => {
  const entry = await unknownShape(stage);
  const request = { vehicleId: `${vehicle}`, entry: quarantineId(entry), action: Action.RETRY };
  const codeOf = async (change: Partial<typeof request>) =>
    (await stage.ingest.decide(create(QuarantineRequestSchema, { ...request, ...change }))).code;
  equal(await codeOf({ entry: "nothing" }), "not_found");
  equal(await codeOf({ vehicleId: "a.b" }), "bad_vehicle_id");
  equal(await codeOf({ action: Action.UNSPECIFIED }), "bad_request");
});
