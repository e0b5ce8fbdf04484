import { deepStrictEqual } from "node:assert/strict";
import { importCycles } from "./import_cycles.ts";
import { placesOf } from "./testing/found.ts";

Deno.test("a cycle is told once, over types and re-exports too", () => {
  const files = {
    "proto/a.ts": 'import { b } from "./b.ts";',
    "proto/b.ts": 'export * from "./c.ts";',
    "proto/c.ts": 'export const c = 1;\nimport type { A } from "./a.ts";',
    "proto/d.ts": 'import "./a.ts";',
  };
  deepStrictEqual(placesOf(importCycles, files), ["proto/a.ts:1"]);
});

Deno.test("a file that imports itself is a cycle, two ways to one file are none", () => {
  const files = {
    "proto/a.ts": 'import "./b.ts";\nimport "./c.ts";',
    "proto/b.ts": 'import "./c.ts";',
    "proto/c.ts": 'import "./c.ts";',
  };
  deepStrictEqual(placesOf(importCycles, files), ["proto/c.ts:1"]);
});
