import { equal, match } from "node:assert/strict";
import { noFalseDifference } from "./no_false_difference.ts";
import { quarantineOnce } from "./quarantine_once.ts";
import { Stage } from "./testing/stage.ts";
import { verdictStays } from "./verdict_stays.ts";

Deno.test("a batch that lies in quarantine twice", () => {
  const stage = new Stage();
  const twice = () => quarantineOnce().end?.(stage.view()) ?? "";
  stage.quarantine(1, 4);
  stage.quarantine(5, 5);
  equal(twice(), "");
  stage.quarantine(1, 4, { sequence: 9 });
  match(twice(), /1-4 lies in quarantine twice/);
});

Deno.test("a true repeat that is called different", () => {
  const stage = new Stage();
  stage.quarantine(1, 4);
  equal(noFalseDifference().look?.(stage.view()), undefined);
  stage.quarantine(7, 8, { code: "different_body" });
  match(noFalseDifference().look?.(stage.view()) ?? "", /7-8 was put aside/);
});

Deno.test("a verdict that turns", () => {
  const stage = new Stage();
  const tell = (first: number) => verdictStays().handleTold?.(stage.told([{ first, last: first }]), stage.view());
  stage.line({ quarantined: [{ first: 3, last: 4 }] });
  equal(tell(2), undefined);
  match(tell(3) ?? "", /3 to 3 was in quarantine and is told as committed/);
});
