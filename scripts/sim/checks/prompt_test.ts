import { equal, match } from "node:assert/strict";
import { prompt } from "./prompt.ts";
import { Stage } from "./testing/stage.ts";

Deno.test("a record without a verdict although all has been well for long", () => {
  const stage = new Stage();
  const check = prompt();
  const look = (nowMs: number) => {
    stage.nowMs = nowMs;
    return check.look?.(stage.view());
  };
  check.handleAnswer?.(stage.answer(1));
  const { number } = stage.given.frames.get(1)!;
  equal(look(80_000), undefined);
  stage.healthySinceMs = undefined;
  equal(look(100_000), undefined);
  stage.healthySinceMs = 20_000;
  match(look(110_000) ?? "", /1 was answered at 0 ms and has no verdict yet/);
  stage.store(1, { number });
  check.handleAnswer?.(stage.answer(2));
  check.handleTold?.(stage.told([{ first: 2, last: 2 }], "quarantined"), stage.view());
  equal(look(300_000), undefined);
});
