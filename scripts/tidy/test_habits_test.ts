import { deepStrictEqual } from "node:assert/strict";
import { placesOf } from "./testing/found.ts";
import { testHabits } from "./test_habits.ts";

function linesOf(text: string, path = "edge/a_test.ts"): string[] {
  return placesOf(testHabits, { [path]: text }).map((place) => place.split(":")[1]);
}

Deno.test("sleeps are found in tests and suites only", () => {
  const text = "await delay(5);\nsetTimeout(go, 5);\nclock.after(5);";
  deepStrictEqual(linesOf(text), ["1", "2"]);
  deepStrictEqual(linesOf(text, "edge/a_suite.ts"), ["1", "2"]);
  deepStrictEqual(linesOf(text, "edge/io/a.ts"), []);
});

Deno.test("a test that is left out says why, one that runs alone is found", () => {
  const text = `Deno.test.only("a", go);
Deno.test.ignore("b", go);

// There is no such clock on other systems.
Deno.test({ name: "c", ignore: isOther, fn });
Deno.test({ name: "d", fn,
  ignore: isOther, // no such clock there
});
Deno.test({ name: "e",
  ignore: true,
  only: true,
});`;
  deepStrictEqual(linesOf(text), ["1", "2", "10", "11"]);
});
