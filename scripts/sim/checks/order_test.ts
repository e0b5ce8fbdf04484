import { equal, match } from "node:assert/strict";
import { order } from "./order.ts";
import { Stage } from "./testing/stage.ts";

Deno.test("answers whose seqs do not rise, and a seq that comes twice", () => {
  const stage = new Stage();
  const check = order();
  equal(check.handleAnswer?.(stage.answer(1)), undefined);
  equal(check.handleAnswer?.(stage.answer(5)), undefined);
  match(check.handleAnswer?.(stage.answer(4)) ?? "", /4 was answered behind 5/);
  match(check.handleSeqTwice?.(stage.answer(5), 5) ?? "", /gave seq 5 of epoch 7 out twice/);
  equal(stage.given.answer(stage.answer(9)), 9);
});
