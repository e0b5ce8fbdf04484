import { deepEqual, equal, ok } from "node:assert/strict";
import { create, toBinary } from "@bufbuild/protobuf";
import { LedgerAnswerSchema, OwnerNoticeSchema } from "#proto/gen/systemscale/log/v1/ledger_pb.ts";
import { parseVehicleId } from "#proto/ids.ts";
import { partitionOf } from "#proto/subjects.ts";
import { inventorySpreadMs, ledgerRetryMs, ledgerTimeoutMs } from "./limits.ts";
import { type House, makeHouse } from "./testing/house.ts";
import type { TestVehicle } from "./testing/vehicle.ts";

const partition = partitionOf(parseVehicleId("drone-001"));

/** Ids of vehicles of that one partition, or of all others. */
function idsOf(count: number, options: { inside: boolean }): string[] {
  const ids: string[] = [];
  for (let i = 0; ids.length < count; i++) {
    if ((partitionOf(parseVehicleId(`v-${i}`)) === partition) === options.inside) ids.push(`v-${i}`);
  }
  return ids;
}

async function linked(house: House, ids: readonly string[]): Promise<TestVehicle[]> {
  const vehicles: TestVehicle[] = [];
  for (const id of ids) vehicles.push(await house.dial(await house.issue(id)));
  return vehicles;
}

/** What an owner that began at that time does: it answers, and says that it is there. */
function begin(house: House, beganNs: bigint): void {
  house.backbone.owner = () => toBinary(LedgerAnswerSchema, create(LedgerAnswerSchema, { comparedBy: beganNs }));
  announce(house, beganNs);
}

function announce(house: House, beganNs: bigint): void {
  house.backbone.ears.owner(
    toBinary(OwnerNoticeSchema, create(OwnerNoticeSchema, { partitions: [partition], beganNs })),
  );
}

const wanted = (vehicle: TestVehicle) => vehicle.messages("inventoryWanted").length;

Deno.test("an owner that began anew has the inventories of its partition told again, each once", async () => {
  const house = await makeHouse();
  const [inside] = await linked(house, idsOf(1, { inside: true }));
  const [outside] = await linked(house, idsOf(1, { inside: false }));
  begin(house, 5n);
  for (const vehicle of [inside, outside]) vehicle.say("inventory", {});
  await house.clock.advance(10);
  announce(house, 5n);
  await house.clock.advance(inventorySpreadMs);
  deepEqual([wanted(inside), wanted(outside)], [0, 0]);
  begin(house, 6n);
  announce(house, 6n);
  await house.clock.advance(inventorySpreadMs);
  deepEqual([wanted(inside), wanted(outside)], [1, 0]);
  inside.say("inventory", {});
  await house.clock.advance(10);
  announce(house, 6n);
  await house.clock.advance(inventorySpreadMs);
  equal(wanted(inside), 1);
  equal(house.relay.facts().counters.inventoriesWanted, 1);
  await house.relay.drain();
});

Deno.test("a vehicle that does not answer is asked again after the next notice; garbage asks nobody", async () => {
  const house = await makeHouse();
  const [vehicle] = await linked(house, ["drone-001"]);
  house.backbone.ears.owner(new Uint8Array([255, 255]));
  for (const round of [1, 2]) {
    announce(house, 5n);
    await house.clock.advance(inventorySpreadMs);
    equal(wanted(vehicle), round);
  }
  vehicle.close();
  await house.clock.advance(10);
  announce(house, 5n);
  await house.clock.advance(inventorySpreadMs);
  equal(house.relay.facts().counters.inventoriesWanted, 2);
  await house.relay.drain();
});

Deno.test("an owner that has not compared yet, or answered an old inventory, is told a fresh one once it works", async () => {
  const house = await makeHouse();
  const [early, waited] = await linked(house, idsOf(2, { inside: true }));
  waited.say("inventory", {});
  await house.clock.advance(ledgerTimeoutMs);
  // It answers, and compares nothing yet.
  begin(house, 0n);
  early.say("inventory", {});
  await house.clock.advance(10);
  house.backbone.owner = () => toBinary(LedgerAnswerSchema, create(LedgerAnswerSchema, { comparedBy: 5n }));
  await house.clock.advance(ledgerRetryMs);
  deepEqual([early, waited].map((vehicle) => vehicle.messages("held").at(-1)?.ledgerAnswered), [true, true]);
  announce(house, 5n);
  await house.clock.advance(inventorySpreadMs);
  deepEqual([wanted(early), wanted(waited)], [1, 1]);
  await house.relay.drain();
});

Deno.test("the questions of many vehicles are spread over the whole time", async () => {
  const house = await makeHouse();
  const vehicles = await linked(house, idsOf(24, { inside: true }));
  begin(house, 5n);
  const counts: number[] = [];
  for (let part = 0; part < 5; part++) {
    await house.clock.advance(inventorySpreadMs / 5);
    const sum = vehicles.reduce((all, vehicle) => all + wanted(vehicle), 0);
    counts.push(sum - counts.reduce((all, count) => all + count, 0));
  }
  equal(counts.reduce((all, count) => all + count, 0), 24);
  ok(counts.every((count) => count >= 1 && count <= 12), `${counts}`);
  await house.relay.drain();
});
