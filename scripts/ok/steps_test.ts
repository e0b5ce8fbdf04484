import { strictEqual } from "node:assert/strict";
import { lineOf, storyOf } from "./steps.ts";

Deno.test("a step is told in one line, with the counts it closes with", () => {
  const tests = { step: { name: "tests", args: [] }, isGood: true, seconds: 41.23 };
  strictEqual(
    lineOf({ ...tests, text: "a ... ok (1ms)\n\nok | 12 passed (3 steps) | 0 failed | 2 ignored (41s)\n" }),
    "ok      tests     41.2 s  12 passed (3 steps), 0 failed, 2 ignored",
  );
  strictEqual(lineOf({ ...tests, text: "error: no such file\n" }), "ok      tests     41.2 s");
  const tidy = { step: { name: "tidy", args: [] }, isGood: false, seconds: 4 };
  strictEqual(
    lineOf({ ...tidy, text: "a.ts:1: names: b\n9 files, 14 rules, 1 violations\n" }),
    "FAILED  tidy       4.0 s  9 files, 14 rules, 1 violations",
  );
});

Deno.test("a failed step is told without the dots of tests that passed", () => {
  const step = { name: "tests", args: [] };
  const story = storyOf({ step, isGood: false, seconds: 1, text: ".\n.\n!\n\n ERRORS \n\na => b.ts:1:6\n" });
  strictEqual(story, "\n--- tests ---\nERRORS \n\na => b.ts:1:6");
});
