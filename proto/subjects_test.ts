import { ok, strictEqual } from "node:assert/strict";
import { parseVehicleId } from "./ids.ts";
import { partitionCount } from "./limits.ts";
import { partitionOf, telemetrySubject } from "./subjects.ts";

Deno.test("partitions of version 1 never change", () => {
  const golden = { "drone-001": partitionOf(parseVehicleId("drone-001")), a: partitionOf(parseVehicleId("a")) };
  strictEqual(golden["drone-001"], 31);
  strictEqual(golden.a, 12);
});

Deno.test("a fleet spreads over all partitions", () => {
  const counts = new Array<number>(partitionCount).fill(0);
  for (let i = 0; i < 3200; i++) counts[partitionOf(parseVehicleId(`vehicle-${i}`))]++;
  ok(Math.min(...counts) > 50, `emptiest partition has ${Math.min(...counts)} of 3200`);
  ok(Math.max(...counts) < 150, `fullest partition has ${Math.max(...counts)} of 3200`);
});

Deno.test("subjects carry lane and partition", () => {
  strictEqual(telemetrySubject("backfill", 7), "tel.v1.backfill.7");
});
