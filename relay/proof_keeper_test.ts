import { deepEqual, equal } from "node:assert/strict";
import { create, toBinary } from "@bufbuild/protobuf";
import { LedgerAnswerSchema } from "#proto/gen/systemscale/log/v1/ledger_pb.ts";
import { ledgerRetryMs, proofRenewMs, proofRetryMs } from "./limits.ts";
import { type House, makeHouse } from "./testing/house.ts";
import type { TestVehicle } from "./testing/vehicle.ts";

/** A vehicle that logs in while proofs can be kept or not. */
async function loggedIn(options: { areProofsAway: boolean }): Promise<{ house: House; vehicle: TestVehicle }> {
  const house = await makeHouse();
  house.backbone.areProofsAway = options.areProofsAway;
  const vehicle = await house.dial(await house.issue("drone-001"));
  equal(vehicle.outcome?.kind, "welcome");
  return { house, vehicle };
}

const bundles = (house: House) => house.backbone.published.length;

Deno.test("telemetry is read once the session's proof is kept, in its order, and not before", async () => {
  const { house, vehicle } = await loggedIn({ areProofsAway: true });
  vehicle.useShape("live");
  vehicle.sendBatch("live", { first: 1, last: 10 });
  vehicle.sendBatch("live", { first: 11, last: 20 });
  await house.clock.advance(10 * proofRetryMs);
  deepEqual([bundles(house), vehicle.end], [0, undefined]);
  house.backbone.areProofsAway = false;
  await house.clock.advance(proofRetryMs + 100);
  const received = vehicle.messages("received").flatMap(({ batches }) => batches);
  deepEqual(received.map(({ first, last }) => [first, last]), [[1n, 10n], [11n, 20n]]);
  equal(house.backbone.kept.length, 1);
  await house.relay.drain();
});

Deno.test("the ledger's owner is asked once it can know the session, and the vehicle hears that it has to wait", async () => {
  const { house, vehicle } = await loggedIn({ areProofsAway: true });
  let asked = 0;
  house.backbone.owner = () => {
    asked += 1;
    return toBinary(LedgerAnswerSchema, create(LedgerAnswerSchema));
  };
  vehicle.say("inventory", {});
  await house.clock.advance(ledgerRetryMs + 10);
  deepEqual([asked, vehicle.messages("held").map(({ ledgerAnswered }) => ledgerAnswered)], [0, [false]]);
  house.backbone.areProofsAway = false;
  await house.clock.advance(3 * ledgerRetryMs);
  deepEqual([asked, vehicle.messages("held").map(({ ledgerAnswered }) => ledgerAnswered)], [1, [false, true]]);
  await house.relay.drain();
});

Deno.test("a session that lasts keeps its proof again before the log forgets it", async () => {
  const { house } = await loggedIn({ areProofsAway: false });
  await house.clock.advance(2 * proofRenewMs + 1_000);
  const [first, ...again] = house.backbone.kept;
  equal(again.length, 2);
  for (const one of again) deepEqual(one, first);
  await house.relay.drain();
});

Deno.test("a proof that the owner does not know is kept again, and the owner asked again", async () => {
  const { house, vehicle } = await loggedIn({ areProofsAway: false });
  const answers = [true, false];
  house.backbone.owner = () =>
    toBinary(LedgerAnswerSchema, create(LedgerAnswerSchema, { unproven: answers.shift() ?? false }));
  vehicle.say("inventory", {});
  await house.clock.advance(ledgerRetryMs + 100);
  equal(house.backbone.kept.length, 2);
  deepEqual(vehicle.messages("held").map(({ ledgerAnswered }) => ledgerAnswered), [false, true]);
  await house.relay.drain();
});

Deno.test("a session that ends while its proof waits leaves nothing behind", async () => {
  const { house, vehicle } = await loggedIn({ areProofsAway: true });
  vehicle.useShape("live");
  vehicle.sendBatch("live", { first: 1, last: 10 });
  vehicle.close();
  await house.clock.advance(10);
  house.backbone.areProofsAway = false;
  await house.clock.advance(10 * proofRetryMs);
  deepEqual([house.backbone.kept.length, bundles(house), house.relay.facts().sessions], [0, 0, 0]);
  await house.relay.drain();
});
