import { equal } from "node:assert/strict";
import { misplacedTokenAt } from "./json_position.ts";

Deno.test("the first token that is no value where one must begin is found", () => {
  const cases: [string, number][] = [
    ["abc", 0],
    ["  @", 2],
    ["[1, ]", 4],
    ["[]", 2],
    ['{"a": }', 6],
    ['{"a,:[": [true, null, -1.5e3], "b": nul}', 36],
    ['["\\"", ?', 7],
    ["[,", 1],
  ];
  for (const [text, position] of cases) equal(misplacedTokenAt(text), position, text);
});
