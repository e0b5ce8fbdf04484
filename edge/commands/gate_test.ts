import { deepStrictEqual as equal } from "node:assert/strict";
import { CommandGate } from "./gate.ts";
import { CommandStage } from "./testing/stage.ts";

Deno.test("a link that was there before the desk is told what is to be told, and one that ended is not", async () => {
  const stage = await new CommandStage().open();
  stage.command();
  await stage.settled();
  const gate = new CommandGate();
  gate.handleFrame(new Uint8Array([255]));
  const said: string[] = [];
  const first = gate.link(() => said.push("first"));
  const second = gate.link(() => said.push("second"));
  first();
  gate.open(stage.desk);
  equal(said.splice(0), ["second"]);
  stage.command();
  await stage.settled();
  equal(said.splice(0), ["second"]);
  second();
  stage.command();
  await stage.settled();
  gate.link(() => said.push("third"));
  equal(said, Array(3).fill("third"));
});
