import { equal, match } from "node:assert/strict";
import { ledgerAgrees } from "./ledger_agrees.ts";
import { Stage } from "./testing/stage.ts";

Deno.test("the ledger claims what is there, and knows all of it", () => {
  const stage = new Stage();
  const wrong = () => ledgerAgrees().end?.(stage.view()) ?? "";
  stage.store(1, { number: stage.answer(1).frames[0].number });
  match(wrong(), /does not know the row sim-1\/7\/2 1/);
  stage.line({ committed: [{ first: 1, last: 1 }] });
  equal(wrong(), "");
  stage.answer(2);
  match(wrong(), /knows nothing of sim-1\/7\/2 2 to 2/);
  stage.lines.length = 0;
  stage.line({ committed: [{ first: 1, last: 2 }] });
  match(wrong(), /has sim-1\/7\/2 2 as committed, no query sees it/);
});
