import { equal, match } from "node:assert/strict";
import { single } from "./single.ts";
import { Stage } from "./testing/stage.ts";

Deno.test("two rows of one record, and one frame in two rows, are doubled", () => {
  const stage = new Stage();
  const doubled = () => single().end?.(stage.view()) ?? "";
  const { number } = stage.answer(1).frames[0];
  stage.store(1, { number });
  equal(doubled(), "");
  stage.store(2, { number });
  match(doubled(), /frame 1 is stored a second time/);
  stage.store(1, { number, offsetNs: 5n });
  match(doubled(), /sim-1\/7\/2 1 has 2 rows/);
});
