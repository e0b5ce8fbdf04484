import { deepEqual, equal, ok } from "node:assert/strict";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { certificateCheck } from "#proto/base/certificate.ts";
import { type BundleItem, readBundle } from "#proto/bundle.ts";
import { frameKinds } from "#proto/frame.ts";
import {
  LedgerAnswerSchema,
  LedgerRequestSchema,
  VerdictNoticeSchema,
} from "#proto/gen/systemscale/log/v1/ledger_pb.ts";
import { parseVehicleId } from "#proto/ids.ts";
import { partitionOf } from "#proto/subjects.ts";
import { readSessionProof, verifySession } from "#proto/session_proof.ts";
import {
  digestIntervalMs,
  ledgerRetryMs,
  passedIntervalMs,
  probeIntervalMs,
  republishAfterMs,
  speakIntervalMs,
  stallMs,
} from "./limits.ts";
import { type House, makeHouse } from "./testing/house.ts";
import { testBatch, testShape, type TestVehicle } from "./testing/vehicle.ts";

async function loggedIn(house: House, id: string): Promise<TestVehicle> {
  const vehicle = await house.dial(await house.issue(id));
  equal(vehicle.outcome?.kind, "welcome");
  return vehicle;
}

const itemsOf = (house: House): BundleItem[] => house.backbone.published.flatMap(({ bytes }) => readBundle(bytes));

Deno.test("a login is welcomed, its proof kept for all who must know, and shown as presence", async () => {
  const house = await makeHouse();
  const vehicle = await loggedIn(house, "drone-001");
  const step = vehicle.outcome;
  ok(step?.kind === "welcome");
  const [{ vehicle: of, session, bytes }] = house.backbone.kept;
  deepEqual([of, session], ["drone-001", step.welcome.session.toHex()]);
  const checkChain = certificateCheck({ roots: [house.authority.root.certPem] });
  const verified = verifySession(readSessionProof(bytes), { checkChain });
  ok(verified.ok);
  deepEqual([verified.vehicle, verified.relay, verified.session.toHex()], ["drone-001", "relay-1", session]);
  const up = house.presence().find((event) => event.case === "up")?.value;
  deepEqual([up?.vehicleId, up?.certificateNotAfterMs], ["drone-001", 1_780_086_400_000n]);
  vehicle.close();
  await house.clock.advance(10);
  equal(house.presence().at(-1)?.case, "down");
  await house.relay.drain();
});

Deno.test("a batch goes to the log under the proven identity, and its place goes back to the vehicle", async () => {
  const house = await makeHouse();
  const vehicle = await loggedIn(house, "drone-001");
  vehicle.useShape("live");
  vehicle.sendBatch("live", { first: 1, last: 10 });
  await house.clock.advance(speakIntervalMs + 1);
  const [shape, batch] = itemsOf(house);
  equal(shape.kind, "shape");
  ok(batch.kind === "batch");
  deepEqual([batch.header.vehicle, batch.header.relay, batch.header.shard], ["drone-001", "relay-1", 0]);
  deepEqual(batch.batch, testBatch(vehicle.epoch, { first: 1, last: 10 }));
  const { lane, partition } = house.backbone.published[0];
  deepEqual([lane, partition], ["live", partitionOf(parseVehicleId("drone-001"))]);
  deepEqual([...house.backbone.definitions.keys()], [testShape.hash]);
  const [received] = vehicle.messages("received").flatMap(({ batches }) => batches);
  deepEqual([received.epoch, received.class, received.first, received.last], [vehicle.epoch, 2, 1n, 10n]);
  deepEqual([received.lane, received.place > 0n], [2, true]);
  await house.relay.drain();
});

Deno.test("many batches are told as received in one frame", async () => {
  const house = await makeHouse();
  const vehicle = await loggedIn(house, "drone-001");
  vehicle.useShape("backfill");
  for (let seq = 1; seq <= 50; seq++) vehicle.sendBatch("backfill", { first: seq, last: seq });
  await house.clock.advance(100);
  const received = vehicle.messages("received");
  equal(received.flatMap(({ batches }) => batches).length, 50);
  ok(received.length <= 3, `${received.length} frames`);
  ok(house.backbone.published.length <= 3, `${house.backbone.published.length} bundles`);
  await house.relay.drain();
});

Deno.test("what the log does not confirm is repeated under its number, and told as lost in the end", async () => {
  const house = await makeHouse();
  const vehicle = await loggedIn(house, "drone-001");
  vehicle.useShape("live");
  house.backbone.mode = "refuse";
  vehicle.sendBatch("live", { first: 5, last: 9 });
  await house.clock.advance(republishAfterMs + 200);
  equal(new Set(house.backbone.published.map(({ number }) => number)).size < house.backbone.published.length, true);
  equal(vehicle.messages("lost").length, 0);
  await house.clock.advance(100_000);
  const [lost] = vehicle.messages("lost").flatMap(({ ranges }) => ranges);
  deepEqual([lost.epoch, lost.class, lost.ranges[0].first, lost.ranges[0].last], [vehicle.epoch, 2, 5n, 9n]);
  equal(house.relay.facts().heldBytes, 0);
  await house.relay.drain();
});

Deno.test("an answer that comes late, after a repeat, still counts, and counts once", async () => {
  const house = await makeHouse();
  const vehicle = await loggedIn(house, "drone-001");
  vehicle.useShape("live");
  await house.clock.advance(100);
  house.backbone.mode = "silent";
  vehicle.sendBatch("live", { first: 1, last: 1 });
  await house.clock.advance(republishAfterMs + 200);
  const numbers = house.backbone.published.slice(-2).map(({ number }) => number);
  equal(numbers[0], numbers[1]);
  house.backbone.place(numbers[0]);
  house.backbone.place(numbers[0]);
  await house.clock.advance(100);
  equal(vehicle.messages("received").flatMap(({ batches }) => batches).length, 1);
  await house.relay.drain();
});

Deno.test("over its byte limit the relay stops reading until the log has taken some", async () => {
  const house = await makeHouse({ heldBytesMax: 20_000 });
  const vehicle = await loggedIn(house, "drone-001");
  vehicle.useShape("live");
  await house.clock.advance(100);
  house.backbone.mode = "silent";
  for (let i = 0; i < 400; i++) vehicle.sendBatch("live", { first: 1 + i * 100, last: 100 + i * 100 });
  await house.clock.advance(500);
  const held = house.relay.facts().heldBytes;
  const read = house.relay.facts().counters.batches.live;
  ok(held >= 20_000 && held < 20_000 + 1000, `${held} bytes held`);
  ok(read < 400, `${read} batches read`);
  house.backbone.mode = "place";
  for (const { number } of [...house.backbone.published]) house.backbone.place(number);
  await house.clock.advance(1000);
  equal(house.relay.facts().counters.batches.live, 400);
  await house.relay.drain();
});

Deno.test("a shape waits for the store, and its batches behind it, but not the other lane", async () => {
  const house = await makeHouse();
  const vehicle = await loggedIn(house, "drone-001");
  house.backbone.areShapesAway = true;
  vehicle.useShape("live");
  vehicle.sendBatch("live", { first: 1, last: 1 });
  vehicle.sendBatch("backfill", { first: 2, last: 2 });
  await house.clock.advance(3000);
  deepEqual(house.backbone.published.map(({ lane }) => lane), ["backfill"]);
  house.backbone.areShapesAway = false;
  await house.clock.advance(3000);
  deepEqual(house.backbone.published.map(({ lane }) => lane), ["backfill", "live"]);
  await house.relay.drain();
});

Deno.test("an inventory is answered by the owner of the partition, with the shapes that are known", async () => {
  const house = await makeHouse();
  const vehicle = await loggedIn(house, "drone-001");
  house.backbone.definitions.set(testShape.hash, new Uint8Array(3));
  house.backbone.owner = (partition, request) => {
    const asked = fromBinary(LedgerRequestSchema, request);
    deepEqual([partition, asked.vehicleId, asked.relay], [
      partitionOf(parseVehicleId("drone-001")),
      "drone-001",
      "relay-1",
    ]);
    return toBinary(
      LedgerAnswerSchema,
      create(LedgerAnswerSchema, { committed: asked.inventory?.onBoard, passed: { live: 7n, backfill: 8n } }),
    );
  };
  const onBoard = [{ epoch: vehicle.epoch, class: 2, ranges: [{ first: 1n, last: 5n }] }];
  vehicle.say("inventory", { onBoard, shapes: [Uint8Array.fromHex(testShape.hash), new Uint8Array(16)] });
  await house.clock.advance(10);
  const [held] = vehicle.messages("held");
  deepEqual([held.ledgerAnswered, held.passed?.live, held.committed[0].ranges[0].last], [true, 7n, 5n]);
  deepEqual(held.knownShapes.map((hash) => hash.toHex()), [testShape.hash]);
  await house.relay.drain();
});

Deno.test("what the owner wants again is asked of the vehicle, behind the answer to its inventory", async () => {
  const house = await makeHouse();
  const vehicle = await loggedIn(house, "drone-001");
  house.backbone.owner = (_, request) => {
    const { inventory } = fromBinary(LedgerRequestSchema, request);
    return toBinary(LedgerAnswerSchema, create(LedgerAnswerSchema, { resend: inventory?.settled, comparedBy: 5n }));
  };
  const settled = [{ epoch: vehicle.epoch, class: 2, ranges: [{ first: 1n, last: 5n }] }];
  vehicle.say("inventory", { settled });
  await house.clock.advance(10);
  const kinds = vehicle.heard.map(({ kind }) => kind).filter((kind) =>
    kind === frameKinds.held || kind === frameKinds.resend
  );
  deepEqual(kinds, [frameKinds.held, frameKinds.resend]);
  const [{ ranges }] = vehicle.messages("resend");
  deepEqual([ranges[0].epoch, ranges[0].ranges[0].last], [vehicle.epoch, 5n]);
  await house.relay.drain();
});

Deno.test("an owner that is away is asked again until it answers", async () => {
  const house = await makeHouse();
  const vehicle = await loggedIn(house, "drone-001");
  vehicle.say("inventory", {});
  await house.clock.advance(ledgerRetryMs * 3);
  deepEqual(vehicle.messages("held").map(({ ledgerAnswered }) => ledgerAnswered), [false]);
  house.backbone.owner = () => toBinary(LedgerAnswerSchema, create(LedgerAnswerSchema, {}));
  await house.clock.advance(ledgerRetryMs * 3);
  deepEqual(vehicle.messages("held").map(({ ledgerAnswered }) => ledgerAnswered), [false, true]);
  equal(house.relay.facts().counters.ledgerAsked, 5);
  await house.relay.drain();
});

Deno.test("verdicts go to the vehicle's live session, and places passed to all of the partition", async () => {
  const house = await makeHouse();
  const id = parseVehicleId("drone-001");
  const partition = partitionOf(id);
  const neighbour = Array.from({ length: 500 }, (_, i) => `n-${i}`).find((name) =>
    partitionOf(parseVehicleId(name)) === partition
  );
  const stranger = Array.from({ length: 500 }, (_, i) => `s-${i}`).find((name) =>
    partitionOf(parseVehicleId(name)) !== partition
  );
  const vehicles = [];
  for (const name of [id, neighbour, stranger]) vehicles.push(await loggedIn(house, name ?? ""));
  const committed = [{ epoch: 9n, class: 1, ranges: [{ first: 1n, last: 3n }] }];
  const notice = create(VerdictNoticeSchema, {
    partition,
    passed: { live: 40n, backfill: 0n },
    entries: [
      { vehicleId: id, session: new Uint8Array(16), committed },
      { vehicleId: "not.valid" },
      { vehicleId: stranger, committed },
    ],
  });
  house.backbone.ears.verdicts(toBinary(VerdictNoticeSchema, notice));
  house.backbone.ears.verdicts(new Uint8Array([255, 255]));
  await house.clock.advance(passedIntervalMs + 10);
  const [own, near, far] = vehicles.map((vehicle) => vehicle.messages("verdicts"));
  deepEqual([own.length, own[0].committed[0].ranges[0].last, own[0].passed?.live], [1, 3n, 40n]);
  deepEqual([near.length, near[0].committed.length, near[0].passed?.live], [1, 0, 40n]);
  deepEqual([far.length, far[0].committed.length, far[0].passed], [1, 1, undefined]);
  await house.relay.drain();
});

Deno.test("a newer session of a vehicle ends the older one with a word", async () => {
  const house = await makeHouse();
  const leaf = await house.issue("drone-001");
  const boot = new Uint8Array(16);
  const older = await house.dial(leaf, { login: { boot, linkCounter: 1n } });
  const newer = await house.dial(leaf, { login: { boot, linkCounter: 2n } });
  await house.clock.advance(10);
  equal(newer.outcome?.kind, "welcome");
  deepEqual(older.messages("goodbye").map(({ code }) => code), ["superseded"]);
  equal(older.end?.reason, "superseded");
  deepEqual([newer.end, house.relay.facts().sessions], [undefined, 1]);
  await house.relay.drain();
});

Deno.test("a session that never answers a ping is given up, one that does stays", async () => {
  const house = await makeHouse();
  const [vehicle, other] = [await loggedIn(house, "drone-001"), await loggedIn(house, "drone-002")];
  vehicle.answersPings = false;
  await house.clock.advance(5_000);
  ok(vehicle.messages("ping").length > 0);
  equal(vehicle.messages("ping")[0].ready, true);
  await house.clock.advance(20_000);
  deepEqual([vehicle.end?.reason, other.end], ["link_dead", undefined]);
  await house.relay.drain();
});

Deno.test("vehicles whose certificate ends soon are counted", async () => {
  const house = await makeHouse();
  const nowMs = Number(house.clock.wallNs() / 1_000_000n);
  await loggedIn(house, "drone-001");
  await house.dial(await house.issue("drone-002", { notAfterMs: nowMs + 3_600_000 }));
  deepEqual([...house.relay.facts().certificatesEnding], [[30, 2], [7, 2], [1, 2]]);
  await house.relay.drain();
});

Deno.test("a session ends with its certificate", async () => {
  const house = await makeHouse();
  const nowMs = Number(house.clock.wallNs() / 1_000_000n);
  const vehicle = await house.dial(await house.issue("drone-001", { notAfterMs: nowMs + 5000 }));
  equal(vehicle.outcome?.kind, "welcome");
  await house.clock.advance(4000);
  deepEqual([vehicle.end], [undefined]);
  await house.clock.advance(2500);
  equal(vehicle.end?.reason, "certificate_expired");
  await house.relay.drain();
});

Deno.test("a log that stalls for 10 s makes the node not ready, and its pings say so", async () => {
  const house = await makeHouse();
  await house.clock.advance(10);
  equal(house.relay.reasonAgainstReady(), undefined);
  house.backbone.isProbeAway = true;
  await house.clock.advance(stallMs + 2500);
  equal(house.relay.reasonAgainstReady(), "the log does not answer");
  const vehicle = await house.dial(await house.issue("drone-001"));
  const step = vehicle.outcome;
  ok(step?.kind === "welcome");
  equal(step.welcome.ready, false);
  house.backbone.isProbeAway = false;
  await house.clock.advance(3000);
  equal(house.relay.reasonAgainstReady(), undefined);
  await house.relay.drain();
});

Deno.test("a node that drains sends its vehicles on, hands over what it has read, and takes nobody", async () => {
  const house = await makeHouse();
  const vehicle = await loggedIn(house, "drone-001");
  vehicle.useShape("live");
  await house.clock.advance(100);
  house.backbone.mode = "silent";
  vehicle.sendBatch("live", { first: 1, last: 4 });
  await house.clock.advance(50);
  const drained = house.relay.drain();
  await house.clock.advance(10);
  equal(vehicle.messages("redirect").length, 1);
  equal(house.relay.reasonAgainstReady(), "the node is being drained");
  const late = await house.dial(await house.issue("drone-002"));
  ok(late.outcome?.kind === "refused" && late.outcome.code === "draining");
  house.backbone.place(house.backbone.published.at(-1)?.number ?? 0);
  await house.clock.run(drained);
  equal(vehicle.messages("received").at(-1)?.batches[0].last, 4n);
  deepEqual(vehicle.messages("goodbye").map(({ code }) => code), ["draining"]);
  equal(vehicle.heard.at(-1)?.kind, frameKinds.goodbye);
  equal(vehicle.end?.reason, "draining");
});

Deno.test("a node drains in time although the log is gone", async () => {
  const house = await makeHouse();
  const vehicle = await loggedIn(house, "drone-001");
  house.backbone.mode = "disconnected";
  vehicle.useShape("live");
  vehicle.sendBatch("live", { first: 1, last: 4 });
  await house.clock.advance(50);
  const startedAtMs = house.clock.uptimeMs();
  await house.clock.run(house.relay.drain());
  ok(house.clock.uptimeMs() - startedAtMs < 2_600);
  equal(vehicle.end?.reason, "draining");
});

Deno.test("when the log is back, what waits for its next try is tried at once", async () => {
  const house = await makeHouse();
  const vehicle = await loggedIn(house, "drone-001");
  vehicle.useShape("live");
  house.backbone.mode = "disconnected";
  house.backbone.isProbeAway = true;
  vehicle.sendBatch("live", { first: 1, last: 1 });
  // The last try was 1 s ago, the next would be 15 s away.
  await house.clock.advance(15_000);
  house.backbone.mode = "place";
  house.backbone.isProbeAway = false;
  await house.clock.advance(2 * probeIntervalMs);
  equal(vehicle.messages("received").length, 1);
  await house.relay.drain();
});

Deno.test("sessions are no half-open links: those that logged in leave room for others to do so", async () => {
  const house = await makeHouse({ halfOpenMax: 1 });
  for (const id of ["drone-001", "drone-002", "drone-003"]) await loggedIn(house, id);
  deepEqual([house.relay.facts().halfOpen, house.relay.facts().links], [0, 3]);
  await house.relay.drain();
});

Deno.test("a shard shows every 5 s that it lives and whom it holds", async () => {
  const house = await makeHouse();
  await loggedIn(house, "drone-001");
  await house.clock.advance(digestIntervalMs + 10);
  const digest = house.presence().findLast((event) => event.case === "digest");
  deepEqual(digest?.value.links.map(({ vehicleId }) => vehicleId), ["drone-001"]);
  await house.relay.drain();
});
