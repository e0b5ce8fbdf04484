/** A relay that was taken over tries to speak for a vehicle that is logged in elsewhere. */
import { deepEqual, equal, ok } from "node:assert/strict";
import { jetstreamManager } from "@nats-io/jetstream";
import { fromBinary } from "@bufbuild/protobuf";
import { batchOf, define, recordsOf, telemetry } from "#cloud/ingest/testing/stage.ts";
import type { RelayHeader } from "#proto/bundle.ts";
import { parseEpoch, parseRelayName } from "#proto/ids.ts";
import { SessionProofSchema } from "#proto/gen/systemscale/log/v1/presence_pb.ts";
import { allSessionsSubject, sessionStream } from "#proto/subjects.ts";
import { tryFetch, waitFor } from "../servers/wait.ts";
import { freeLayout, type TestSystem, withSystem } from "./harness.ts";
import { asAdmin, asRelay, genuineHeader, putIntoLog } from "./log_access.ts";
import { patience } from "./patience.ts";

/** Of records that the vehicle never made. */
const made = batchOf(recordsOf({ first: 1, last: 3 }), { epoch: parseEpoch(42n) });

async function unprovenBatches({ layout }: TestSystem): Promise<number> {
  const text = await tryFetch(`http://127.0.0.1:${layout.ports.cloudPrivate}/metrics`) ?? "";
  return Number(/^ingest_unproven_batches_total(?:\{[^}]*\})? (\d+)$/m.exec(text)?.[1] ?? NaN);
}

Deno.test("what a relay knows of another's session does not let it speak for the vehicle", async () => {
  await withSystem(await freeLayout({ store: "sqlite" }), async (system) => {
    const genuine = await genuineHeader(system);
    const rows = async () => (await system.rows({ vehicle_id: "drone-001", stream: "telemetry" })).length;
    await waitFor("the vehicle's own row", async () => await rows() === 1 || undefined, patience);

    await asRelay(system, async (nats) => {
      // What every relay hears of a login: the agent logs in anew.
      const heard = nats.subscribe(allSessionsSubject, { max: 1 });
      await nats.flush();
      system.running.keeper.signal("agent-drone-001", "SIGKILL");
      let proof = new Uint8Array(0);
      for await (const { data } of heard) proof = data.slice();
      const { vehicleId, relay, session } = fromBinary(SessionProofSchema, proof);
      deepEqual([vehicleId, relay], ["drone-001", genuine.relay]);

      const forgeries: RelayHeader[] = [
        { ...genuine, sessionSecret: session },
        { ...genuine, sessionSecret: new Uint8Array(16) },
        { ...genuine, relay: parseRelayName("relay-666") },
        { ...genuine, shard: 1 },
      ];
      for (const header of forgeries) await putIntoLog(nats, [define(telemetry), { ...made, header }]);
      const allRefused = async () => await unprovenBatches(system) === forgeries.length || undefined;
      await waitFor("all forgeries to be refused", allRefused, patience);
    });
    equal(await rows(), 1);
    const { entries } = await system.query("/v1/vehicles/drone-001/quarantine") as { entries: unknown[] };
    deepEqual(entries, []);

    // The check tells them apart by nothing else: under the vehicle's own session the same batch is taken.
    const own = await genuineHeader(system);
    ok(own.sessionSecret.toHex() !== genuine.sessionSecret.toHex());
    await asRelay(system, (nats) => putIntoLog(nats, [define(telemetry), { ...made, header: own }]));
    await waitFor("the batch", async () => await rows() === 5 || undefined, patience);
  });
});

Deno.test("proofs that are lost, and a cloud that starts anew, cost a repeat and no data", async () => {
  await withSystem(await freeLayout({ store: "sqlite" }), async (system) => {
    const rows = async () =>
      (await system.rows({ vehicle_id: "drone-001", stream: "telemetry" }).catch(() => [])).length;
    await genuineHeader(system);
    await waitFor("the first row", async () => await rows() === 1 || undefined, patience);
    await asAdmin(system, async (nats) => await (await jetstreamManager(nats)).streams.delete(sessionStream));
    system.running.keeper.signal("cloud", "SIGKILL");
    // Read by the new owner before the relay has kept the proof again, or after: both end here.
    for (let row = 2; row <= 20; row++) await genuineHeader(system);
    await waitFor("all rows", async () => await rows() === 20 || undefined, patience);
  });
});
