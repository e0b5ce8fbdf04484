import { equal, match } from "node:assert/strict";
import { Stage } from "./testing/stage.ts";
import { trueGaps } from "./true_gaps.ts";

Deno.test("a gap record that blames a sound disk", () => {
  const stage = new Stage();
  const wrong = () => trueGaps().end?.(stage.view()) ?? "";
  stage.gap(1, 4);
  equal(wrong(), "");
  stage.gap(5, 9, "damaged");
  match(wrong(), /5 to 9 is named as damaged/);
  stage.vehicle = { ...stage.vehicle, hadReadFaults: true };
  equal(wrong(), "");
});
