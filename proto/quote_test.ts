import { deepStrictEqual, ok } from "node:assert/strict";
import { quote } from "./quote.ts";

Deno.test("a quoted value says what was given", () => {
  const given = ["a\nb", "", 1.5, 2n ** 70n, true, null, undefined, [1], { a: 2n }];
  deepStrictEqual(given.map(quote), [
    '"a\\nb"',
    '""',
    "1.5",
    "1180591620717411303424",
    "true",
    "null",
    "undefined",
    "an array",
    "an object",
  ]);
});

Deno.test("a quoted value is short, whatever its size and depth", () => {
  let nested: unknown[] = [];
  for (let depth = 0; depth < 100_000; depth++) nested = [nested];
  for (const value of ["x".repeat(1_000_000), "\u0000".repeat(1_000), 10n ** 1_000n, nested]) {
    ok(quote(value).length < 500);
  }
});
