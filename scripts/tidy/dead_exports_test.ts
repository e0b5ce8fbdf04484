import { deepStrictEqual } from "node:assert/strict";
import { deadExports } from "./dead_exports.ts";
import { placesOf } from "./testing/found.ts";

Deno.test("an export that nobody or only a test imports is dead", () => {
  const files = {
    "proto/a.ts": "export const used = 1;\nexport const tested = 2;\nexport function alone() {}\nexport class Gone {}",
    "proto/b.ts": 'import { used } from "./a.ts";',
    "proto/a_test.ts": 'import { tested } from "./a.ts";',
  };
  deepStrictEqual(placesOf(deadExports, files), ["proto/a.ts:2", "proto/a.ts:3", "proto/a.ts:4"]);
});

Deno.test("what its own file uses may be exported for a test, but not for nobody", () => {
  const files = {
    "proto/a.ts": "export const stepsMax = 1;\nexport const other = 2;\nuse(stepsMax, other);",
    "proto/a_test.ts": 'import { stepsMax } from "./a.ts";',
  };
  deepStrictEqual(placesOf(deadExports, files), ["proto/a.ts:2"]);
});

Deno.test("a type that its own file uses is part of what the file gives", () => {
  const files = {
    "proto/a.ts": "export interface Given {}\nexport interface Lost {}\nexport function give(): Given {}",
    "proto/b.ts": 'import { give } from "./a.ts";',
  };
  deepStrictEqual(placesOf(deadExports, files), ["proto/a.ts:2"]);
});

Deno.test("namespaces, dynamic imports and export all use everything, a re-export must be used itself", () => {
  const files = {
    "proto/a.ts": "export const a = 1;",
    "proto/b.ts": "export const b = 1;",
    "proto/c.ts": "export const c = 1;\nexport const d = 1;",
    "proto/front.ts": 'export { c, d } from "./c.ts";\nexport * from "./a.ts";\nawait import("./b.ts");',
    "proto/user.ts": 'import { c } from "./front.ts";',
  };
  deepStrictEqual(placesOf(deadExports, files), ["proto/front.ts:1"]);
});

Deno.test("programs and published files are entries, what is for tests is there for tests", () => {
  const files = {
    "edge/main.ts": "export const version = 1;",
    "edge/client.ts": "export const client = 1;",
    "edge/testing/rig.ts": "export const rig = 1;\nexport const lost = 1;",
    "edge/a_test.ts": 'import { rig } from "./testing/rig.ts";',
  };
  deepStrictEqual(placesOf(deadExports, files, { published: ["edge/client.ts"] }), ["edge/testing/rig.ts:2"]);
});
