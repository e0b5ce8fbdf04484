import { equal, match } from "node:assert/strict";
import { oneOffset } from "./one_offset.ts";
import { Stage } from "./testing/stage.ts";

Deno.test("rows of one epoch that lie by two offsets from what was given", () => {
  const stage = new Stage();
  const wrong = () => oneOffset().end?.(stage.view()) ?? "";
  for (const seq of [1, 2]) stage.store(seq, { number: stage.answer(seq).frames[0].number, offsetNs: 9n });
  equal(wrong(), "");
  stage.store(3, { number: stage.answer(3).frames[0].number, offsetNs: 10n });
  match(wrong(), /offsets 9 and 10 ns/);
});
