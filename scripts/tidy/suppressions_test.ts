import { deepStrictEqual } from "node:assert/strict";
import { suppressions } from "./suppressions.ts";
import { placesOf } from "./testing/found.ts";

Deno.test("silenced checkers, leftovers and any are found in comments and types, not in texts", () => {
  const text = `// @ts-expect-error: wrong
const a = 1;
/* deno-lint-ignore no-explicit-any */
const b = a as any;
const c = "@ts-ignore TODO any"; // FIXME
const d: unknown = c;
/** TODO: more. */
const e = d;`;
  deepStrictEqual(placesOf(suppressions, { "edge/a.ts": text }).sort(), [
    "edge/a.ts:1",
    "edge/a.ts:3",
    "edge/a.ts:4",
    "edge/a.ts:5",
    "edge/a.ts:7",
  ]);
});

Deno.test("generated code is as it is", () => {
  deepStrictEqual(placesOf(suppressions, { "proto/gen/a_pb.ts": "// @ts-nocheck\nlet a: any;" }), []);
});
