import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { crashesAfter, goodRunMs, restartMaxMs, restartPauseMs } from "./restart_policy.ts";

Deno.test("the first restart is immediate, later ones wait longer and longer up to the cap", () => {
  deepStrictEqual([1, 2, 3, 4].map(restartPauseMs), [0, 200, 400, 800]);
  strictEqual(restartPauseMs(40), restartMaxMs);
});

Deno.test("a good run clears the record, a short one adds to it", () => {
  strictEqual(crashesAfter(goodRunMs, 7), 1);
  strictEqual(crashesAfter(goodRunMs - 1, 7), 8);
});
