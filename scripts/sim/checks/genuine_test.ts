import { equal, match } from "node:assert/strict";
import { shapes } from "../frames.ts";
import { genuine } from "./genuine.ts";
import { Stage } from "./testing/stage.ts";

function inventedIn(prepare: (stage: Stage) => void): string {
  const stage = new Stage();
  prepare(stage);
  return genuine().end?.(stage.view()) ?? "";
}

Deno.test("a row that is not what was given is invented", () => {
  equal(inventedIn((stage) => stage.store(1, { number: stage.answer(1).frames[0].number })), "");
  match(inventedIn((stage) => stage.store(1, { number: 5 })), /frame 5 was never given/);
  const ofOther = (stage: Stage) => stage.store(1, { number: stage.answer(1, { vehicle: "sim-2" }).frames[0].number });
  match(inventedIn(ofOther), /was given by "sim-2"/);
  const ofClass = (stage: Stage) => stage.store(1, { number: stage.answer(1, { class: "bulk" }).frames[0].number });
  match(inventedIn(ofClass), /was given as bulk/);
  const swapped = (stage: Stage) => {
    stage.answer(1);
    stage.store(1, { number: stage.answer(2).frames[0].number });
  };
  match(inventedIn(swapped), /it holds frame 2, answered was 1/);
  const other = (stage: Stage) => stage.store(1, { number: stage.answer(1, { shape: shapes[2] }).frames[0].number });
  match(inventedIn(other), /field "speed" is undefined/);
});
