/** A QuestDB that was killed and started again: ingest notices, and writes again what the server may have lost. */
import { deepStrictEqual as equal, notStrictEqual, rejects } from "node:assert/strict";
import { join } from "node:path";
import { Ingest } from "#cloud/ingest/ingest.ts";
import type { LogMessage } from "#cloud/ingest/log_message.ts";
import { openQuestDb } from "#cloud/lib/store/io/questdb.ts";
import { createStore } from "#cloud/lib/store/table_store.ts";
import { encodeBatch } from "#proto/batch.ts";
import { encodeBundle } from "#proto/bundle.ts";
import { classNumber } from "#proto/class.ts";
import { parseEpoch, parseRelayName, parseStream, parseVehicleId } from "#proto/ids.ts";
import { systemClock } from "#proto/io/clock.ts";
import { encodeShape, makeShape } from "#proto/shape.ts";
import { partitionOf } from "#proto/subjects.ts";
import { freePorts } from "../servers/ports.ts";
import { startQuestDb } from "../servers/questdb.ts";

const vehicle = parseVehicleId("drone-001");
const shape = makeShape(parseStream("telemetry"), [{ name: "a", type: "f64" }]);

/** A message with its shape and two records. */
function message(sequence: number): LogMessage {
  const seqs = [2 * sequence - 1, 2 * sequence];
  const records = seqs.map((seq) => ({ seq, ts: 1_718_000_000_000_000_000n + BigInt(seq), shape, values: [seq] }));
  const batch = encodeBatch(records, { epoch: parseEpoch(42n), class: classNumber("normal"), clockOffsetNs: 0n });
  const header = {
    vehicle,
    relay: parseRelayName("dev"),
    shard: 0,
    sessionSecret: new Uint8Array(16),
    receivedAtNs: 1n,
  };
  return {
    place: { lane: "live", partition: partitionOf(vehicle), sequence },
    tenure: 1,
    placedAtNs: 1n,
    bytes: encodeBundle([{ kind: "shape", definition: encodeShape(shape) }, { kind: "batch", header, batch }]),
  };
}

Deno.test("QuestDB: after a kill and a new start ingest writes again what the server may have lost", async () => {
  const folder = await Deno.makeTempDir();
  const [httpPort, pgPort] = freePorts(2);
  const start = () => startQuestDb({ folder, httpPort, pgPort, logFile: join(folder, "log") }, console.log);
  const url = `http://127.0.0.1:${httpPort}`;
  const clock = systemClock();
  const store = createStore(openQuestDb({ url, clock }), 1n);
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const shapes = { find: () => Promise.resolve(undefined) };
  const ingest = new Ingest({
    store,
    shapes,
    verdicts: { publish: () => {}, announce: () => {} },
    proofs: undefined,
    clock,
    log,
  });
  const partitions = [partitionOf(vehicle)];
  const seqs = async () =>
    (await store.rows({ vehicle, stream: parseStream("telemetry"), limit: 9 })).rows.map(({ seq }) => seq);

  let server = await start();
  try {
    const life = await store.life();
    await ingest.own(partitions, { log: { id: "log", first: 1, last: 0 } });
    await ingest.commit([message(1), message(2)]);
    await ingest.flush();
    equal([await store.life(), await ingest.ownedBeforeRestart()], [life, []]);

    server.kill("SIGKILL");
    await server.ended;
    await rejects(ingest.ownedBeforeRestart(), { code: "store_failed" });
    server = await start();
    notStrictEqual(await store.life(), life);
    // As a power cut of its machine would: a kill alone loses nothing.
    await (await fetch(`${url}/exec?${new URLSearchParams({ query: "TRUNCATE TABLE telemetry" })}`)).body?.cancel();
    await ingest.commit([message(3)]);
    await ingest.flush();
    equal(await seqs(), [5, 6]);

    equal(await ingest.ownedBeforeRestart(), partitions);
    const { tenure, from, isReplay } = await ingest.own(partitions, { log: { id: "log", first: 1, last: 3 } });
    equal([from, isReplay], [{ live: 0, backfill: 0 }, true]);
    await ingest.commit([1, 2, 3].map((sequence) => ({ ...message(sequence), tenure })));
    equal(await seqs(), [1, 2, 3, 4, 5, 6]);
    equal((await store.quarantined(vehicle, { limit: 9 })).entries, []);
  } finally {
    await server.stop(2_000);
    await Deno.remove(folder, { recursive: true });
  }
});
