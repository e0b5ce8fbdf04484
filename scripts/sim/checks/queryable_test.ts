import { equal, match } from "node:assert/strict";
import { queryable } from "./queryable.ts";
import { Stage } from "./testing/stage.ts";

Deno.test("committed is said of a row that no query sees", () => {
  const stage = new Stage();
  const tell = (kind: "committed" | "quarantined") =>
    queryable().handleTold?.(stage.told([{ first: 1, last: 1 }], kind), stage.view()) ?? "";
  match(tell("committed"), /1 was told as committed and no query sees it/);
  equal(tell("quarantined"), "");
  stage.store(1, { number: stage.answer(1).frames[0].number });
  equal(tell("committed"), "");
});
