import { deepEqual, equal } from "node:assert/strict";
import { parseEpoch, parseVehicleId } from "#proto/ids.ts";
import { partitionOf } from "#proto/subjects.ts";
import { type Registered, Registry } from "./registry.ts";

const session = (vehicle: string, boot: string, linkCounter: bigint): Registered => ({
  ...{ vehicle: parseVehicleId(vehicle), boot, linkCounter },
  ...{ epoch: parseEpoch(BigInt(1 + boot.charCodeAt(0))), ancestors: [] },
});

Deno.test("the newest login of a vehicle takes over, and the older one no longer counts", () => {
  const registry = new Registry<Registered>();
  const [first, second, rebooted] = [session("v", "a", 1n), session("v", "a", 2n), session("v", "b", 1n)];
  deepEqual(registry.enter(first), { superseded: undefined, order: "newer" });
  deepEqual(registry.enter(second), { superseded: first, order: "newer" });
  deepEqual(registry.enter(rebooted), { superseded: second, order: "unrelated" });
  equal(registry.of(first.vehicle), rebooted);
  equal(registry.leave(first), false);
  equal(registry.size, 1);
  equal(registry.leave(rebooted), true);
  deepEqual([registry.size, registry.of(first.vehicle)], [0, undefined]);
});

Deno.test("a login that was overtaken by a later one of the same boot is itself superseded", () => {
  const registry = new Registry<Registered>();
  const [late, newest] = [session("v", "a", 5n), session("v", "a", 6n)];
  registry.enter(newest);
  deepEqual(registry.enter(late), { superseded: late, order: "older" });
  equal(registry.of(newest.vehicle), newest);
});

Deno.test("sessions are found by partition until they leave", () => {
  const registry = new Registry<Registered>();
  const sessions = Array.from({ length: 200 }, (_, i) => session(`v${i}`, "a", 1n));
  for (const one of sessions) registry.enter(one);
  const wanted = partitionOf(sessions[0].vehicle);
  const there = sessions.filter(({ vehicle }) => partitionOf(vehicle) === wanted);
  deepEqual([...registry.inPartition(wanted)], there);
  for (const one of there) registry.leave(one);
  deepEqual([...registry.inPartition(wanted)], []);
  equal([...registry.all()].length, 200 - there.length);
});
