import { equal, match } from "node:assert/strict";
import { kept } from "./kept.ts";
import { Stage } from "./testing/stage.ts";

function lossOf(stage: Stage): string {
  return kept().end?.(stage.view()) ?? "";
}

Deno.test("a record without row, quarantine and gap is lost", () => {
  const stage = new Stage();
  stage.store(1, { number: stage.answer(1).frames[0].number });
  equal(lossOf(stage), "");
  stage.answer(2);
  match(lossOf(stage), /answered durable as sim-1\/7\/2 2: no row, no quarantine, no gap/);
});

Deno.test("quarantine and gaps count when the ledger knows of them", () => {
  const stage = new Stage();
  stage.answer(1);
  stage.answer(2);
  stage.quarantine(1, 1);
  stage.gap(2, 2);
  match(lossOf(stage), / 1: no row/);
  stage.line({ quarantined: [{ first: 1, last: 1 }] });
  match(lossOf(stage), / 2: named by a gap record that the ledger does not know/);
  stage.lines.length = 0;
  stage.line({ quarantined: [{ first: 1, last: 1 }], gaps: [{ first: 2, last: 2, cause: "overwritten" }] });
  equal(lossOf(stage), "");
});

Deno.test("what gap records said that were put aside themselves, nobody knows", () => {
  const stage = new Stage();
  stage.answer(1);
  stage.quarantine(9, 9);
  match(lossOf(stage), /no row/);
  stage.aside[0] = { ...stage.aside[0], class: "critical" };
  equal(lossOf(stage), "");
});
