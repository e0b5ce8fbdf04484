import { equal, match } from "node:assert/strict";
import { cap } from "./cap.ts";
import { Stage } from "./testing/stage.ts";
import { waits } from "./waits.ts";

Deno.test("a ring above its cap", () => {
  const stage = new Stage();
  equal(cap().look?.(stage.view()), undefined);
  stage.vehicle = { ...stage.vehicle, peakBytes: 101 };
  match(cap().look?.(stage.view()) ?? "", /took 101 of 100 bytes/);
});

Deno.test("an append that waits for too long", () => {
  const stage = new Stage();
  stage.vehicle = { ...stage.vehicle, openSinceMs: 10 };
  stage.nowMs = 50_000;
  equal(waits().look?.(stage.view()), undefined);
  stage.nowMs = 61_000;
  match(waits().look?.(stage.view()) ?? "", /has no answer since 10 ms/);
});
