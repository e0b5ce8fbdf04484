import { equal, match } from "node:assert/strict";
import { settledByVerdict } from "./settled_by_verdict.ts";
import { className, epoch, Stage } from "./testing/stage.ts";

Deno.test("an agent that counts less as open than has no verdict", () => {
  const stage = new Stage();
  const check = settledByVerdict();
  for (const seq of [1, 2, 3]) stage.answer(seq);
  stage.vehicle = { ...stage.vehicle, unsettled: [{ epoch, class: className, records: 2 }] };
  match(check.look?.(stage.view()) ?? "", /3 records have no verdict, the agent counts 2/);
  check.handleTold?.(stage.told([{ first: 1, last: 1 }]), stage.view());
  equal(check.look?.(stage.view()), undefined);
});
