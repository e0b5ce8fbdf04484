import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  LedgerAnswerSchema,
  LedgerRequestSchema,
  OwnerNoticeSchema,
  VerdictNoticeSchema,
} from "#proto/gen/systemscale/log/v1/ledger_pb.ts";
import { parseRelayName, parseVehicleId } from "#proto/ids.ts";
import { systemClock } from "#proto/io/clock.ts";
import { connectNats } from "#proto/io/nats.ts";
import { quicDialer } from "#proto/io/quic.ts";
import { systemRandom } from "#proto/io/random.ts";
import type { Log } from "#proto/ports.ts";
import { ackSubject, ownerSubject } from "#proto/subjects.ts";
import { type Authority, makeAuthority } from "#proto/testing/certificates.ts";
import { inboxPrefixOf, natsBackbone } from "#relay/io/backbone.ts";
import type { Backbone, BackboneEars } from "#relay/ports.ts";
import { TestVehicle } from "#relay/testing/vehicle.ts";
import { tryFetch, waitFor } from "../servers/wait.ts";
import { type NatsPair, startNatsPair } from "./nats_pair.ts";
import { startRelay, writeRelayFolder } from "./relay_process.ts";
import { patience } from "./patience.ts";

const relayName = parseRelayName("relay-1");

async function openBackbone(pair: NatsPair, run: string) {
  const connection = await connectNats({
    servers: [`127.0.0.1:${pair.leafPort}`],
    user: "relay",
    password: pair.relayPassword,
    name: "test relay",
    inboxPrefix: inboxPrefixOf(relayName, 0),
  });
  const errors: string[] = [];
  const note = (message: string, fields?: unknown) => void errors.push(`${message} ${JSON.stringify(fields)}`);
  const log: Log = { debug() {}, info() {}, warn() {}, error: note };
  const backbone = await natsBackbone({ connection, relay: relayName, shard: 0, run, domain: "hub", log });
  return { backbone, connection, errors };
}

function keepAnswers(backbone: Backbone) {
  const placed: (readonly [number, number])[] = [];
  const refused: number[] = [];
  const notices: Uint8Array[] = [];
  const owners: Uint8Array[] = [];
  const nodes: (readonly [string, Uint8Array])[] = [];
  const logins: (readonly [string, Uint8Array])[] = [];
  const orders: [string, Uint8Array, boolean][] = [];
  const ears: BackboneEars = {
    placed: (number, place) => void placed.push([number, place]),
    refused: (number) => void refused.push(number),
    verdicts: (notice) => void notices.push(notice.slice()),
    owner: (notice) => void owners.push(notice.slice()),
    login: (vehicle, proof) => void logins.push([vehicle, proof.slice()]),
    node: (who, state) => void nodes.push([`${who.relay} ${who.shard}`, state.slice()]),
    order: (vehicle, { bytes, isStop }) => void orders.push([vehicle, bytes, isStop]),
    revoked: () => {},
  };
  backbone.listen(ears);
  return { placed, refused, notices, owners, logins, nodes, orders };
}

Deno.test("the backbone works over a leaf with the permissions of a relay, and through the loss of the hub", async () => {
  const pair = await startNatsPair();
  const ingest = await pair.connectIngest();
  const { backbone, connection, errors } = await openBackbone(pair, "aa");
  const heard = keepAnswers(backbone);
  const bytes = new Uint8Array(64 * 1024).fill(7);
  const message = { number: 1, lane: "live", partition: 3, bytes } as const;
  try {
    equal(backbone.log.publish(message), true);
    await waitFor("a place", () => Promise.resolve(heard.placed[0]), patience);
    backbone.log.publish(message);
    await waitFor("the same place again", () => Promise.resolve(heard.placed[1]), patience);
    deepEqual(heard.placed, [[1, 1], [1, 1]]);

    equal(await backbone.shapes.read("00ff"), undefined);
    await backbone.shapes.keep("00ff", new Uint8Array([1, 2, 3]));
    deepEqual(await backbone.shapes.read("00ff"), new Uint8Array([1, 2, 3]));

    await backbone.proofs.keep({ vehicle: parseVehicleId("drone-001"), session: "00ff" }, new Uint8Array([4, 5]));
    await waitFor("its own login", () => Promise.resolve(heard.logins[0]), patience);
    deepEqual(heard.logins, [["drone-001", new Uint8Array([4, 5])]]);

    await rejects(backbone.askLedger(4, new Uint8Array(1)), { code: "unavailable" });
    ingest.subscribe("ledger.v1.*", {
      callback: (_, ask) => {
        const request = fromBinary(LedgerRequestSchema, ask.data);
        const committed = request.inventory?.onBoard;
        ask.respond(toBinary(LedgerAnswerSchema, create(LedgerAnswerSchema, { committed })));
      },
    });
    await ingest.flush();
    const request = toBinary(LedgerRequestSchema, create(LedgerRequestSchema, { vehicleId: "v", inventory: {} }));
    await waitFor(
      "the owner to be known at the leaf",
      () => backbone.askLedger(4, request).catch(() => undefined),
      patience,
    );

    ingest.publish(
      ackSubject(relayName, 0),
      toBinary(VerdictNoticeSchema, create(VerdictNoticeSchema, { partition: 3 })),
    );
    await waitFor("a verdict notice", () => Promise.resolve(heard.notices[0]), patience);
    ingest.publish(ownerSubject, toBinary(OwnerNoticeSchema, create(OwnerNoticeSchema, { partitions: [3] })));
    await waitFor("an owner's notice", () => Promise.resolve(heard.owners[0]), patience);
    await backbone.probe();

    await pair.killHub();
    backbone.log.publish({ ...message, number: 2 });
    await rejects(backbone.probe());
    await pair.startHub();
    await waitFor("the hub through the leaf", () => backbone.probe().then(() => true, () => undefined), patience);
    backbone.log.publish({ ...message, number: 2 });
    await waitFor(
      "the place of a repeat",
      () => Promise.resolve(heard.placed.find(([number]) => number === 2)),
      patience,
    );
    deepEqual(errors, []);
  } finally {
    await Promise.all([connection.close(), ingest.close()]);
    await pair.stop();
  }
});

async function linkedVehicle(
  port: number,
  authority: Authority,
  validity: { notBeforeMs: number; notAfterMs: number },
) {
  const target = { host: "127.0.0.1", port, node: "localhost", trust: [authority.relayIssuer.certPem] };
  const link = await quicDialer().dial(target, AbortSignal.timeout(5000));
  const leaf = await authority.issueVehicle("drone-001", validity);
  const vehicle = new TestVehicle(link, { clock: systemClock(), random: systemRandom(), node: "localhost", leaf });
  await waitFor("a welcome", () => Promise.resolve(vehicle.outcome), patience);
  equal(vehicle.outcome?.kind, "welcome");
  return vehicle;
}

Deno.test("a relay process takes a vehicle over QUIC, places its telemetry, drains in time and leaves nobody behind", async () => {
  const pair = await startNatsPair();
  const nowMs = Date.now();
  const validity = { notBeforeMs: nowMs - 60_000, notAfterMs: nowMs + 3_600_000 };
  const authority = await makeAuthority("relay e2e", validity);
  const ports = await writeRelayFolder(pair, { authority, validity });
  const ready = () => tryFetch(`http://127.0.0.1:${ports.private}/readyz`);
  try {
    const first = startRelay(pair);
    await waitFor("the relay", ready, patience);
    const vehicle = await linkedVehicle(ports.quic, authority, validity);
    vehicle.useShape("live");
    vehicle.sendBatch("live", { first: 1, last: 100 });
    await waitFor("received", () => Promise.resolve(vehicle.messages("received")[0]), patience);
    equal(vehicle.messages("received")[0].batches[0].place, 1n);
    const metrics = await tryFetch(`http://127.0.0.1:${ports.private}/metrics`);
    ok(metrics?.includes('systemscale_relay_records_total{shard="0",lane="live"} 100\n'), metrics);

    const stoppedAtMs = performance.now();
    await first.stop(5000);
    ok(performance.now() - stoppedAtMs < 3000, `stopped in ${performance.now() - stoppedAtMs} ms`);
    await waitFor("the end of the link", () => Promise.resolve(vehicle.end), patience);
    equal(vehicle.end?.reason, "draining");
    equal(vehicle.messages("redirect").length, 1);

    const killed = startRelay(pair);
    await waitFor("the relay again", ready, patience);
    killed.kill("SIGKILL");
    await killed.ended;
    const third = startRelay(pair);
    await waitFor("the third relay on the port of the killed one", ready, patience);
    await linkedVehicle(ports.quic, authority, validity);
    await third.stop(5000);
  } finally {
    await pair.stop();
  }
});
