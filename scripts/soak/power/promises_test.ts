import { deepStrictEqual as equal } from "node:assert/strict";
import { Promises } from "./promises.ts";

const shown = (entries: Record<string, [number, number][]>) =>
  new Map(Object.entries(entries).map(([series, positions]) => [series, new Map(positions)]));

Deno.test("what was acknowledged and is not shown is lost, what shows otherwise is wrong, each told once", () => {
  const promises = new Promises();
  promises.acknowledge("a", { first: 1, contents: [11, 12, 13] });
  promises.acknowledge("b", { first: 1, contents: [21] });
  const look = shown({ a: [[1, 11], [2, 99], [7, 17]] });
  promises.check(look);
  promises.check(look);
  equal([promises.acknowledged, promises.found], [4, 2]);
  equal([promises.lost, promises.wrong], [["a 3", "b 1"], ["a 2 is 99, acknowledged was 12"]]);
});

Deno.test("what was promised while one looked is not judged by that look", () => {
  const promises = new Promises();
  promises.acknowledge("a", { first: 1, contents: [11] });
  const before = promises.positions();
  promises.acknowledge("a", { first: 2, contents: [12] });
  promises.check(shown({}), before);
  equal([promises.lost, promises.positions()], [["a 1"], [["a", 2]]]);
});

Deno.test("what is named or forgotten is not missed", () => {
  const promises = new Promises();
  promises.acknowledge("a", { first: 1, contents: [11, 12, 13] });
  promises.acknowledge("b", { first: 1, contents: [21] });
  promises.excuse("a", { first: 2, last: 3 });
  promises.excuse("c", { first: 1, last: 9 });
  promises.forget((series) => series === "b");
  promises.check(shown({ a: [[1, 11]] }));
  equal([promises.named, promises.found, promises.lost], [2, 1, []]);
});
