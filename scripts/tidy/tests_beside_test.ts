import { deepStrictEqual } from "node:assert/strict";
import { placesOf } from "./testing/found.ts";
import { testsBeside } from "./tests_beside.ts";

const branching = "if (a) b();\nif (c) d();\nif (e) f();\n";

Deno.test("a file with branches needs a test that imports it, one without does not", () => {
  const files = {
    "proto/tested.ts": branching,
    "proto/tested_test.ts": 'import "./tested.ts";',
    "proto/bare.ts": branching,
    "proto/plain.ts": "export const a = 1;",
    "proto/io/disk.ts": branching,
    "edge/main.ts": branching,
  };
  deepStrictEqual(placesOf(testsBeside, files), ["proto/bare.ts:1"]);
});

Deno.test("an inner part is tested by a test of its folder's front", () => {
  const files = {
    "proto/batch.ts": 'import "./batch/body.ts";',
    "proto/batch_test.ts": 'import "./batch.ts";',
    "proto/batch/body.ts": 'import "./column.ts";',
    "proto/batch/column.ts": branching,
  };
  deepStrictEqual(placesOf(testsBeside, files), []);
});

Deno.test("a part that another folder uses needs a test that names it", () => {
  const files = {
    "proto/batch.ts": 'import "./batch/bytes.ts";',
    "proto/batch_test.ts": 'import "./batch.ts";',
    "proto/batch/bytes.ts": branching,
    "edge/ring/entry.ts": 'import "#proto/batch/bytes.ts";',
  };
  deepStrictEqual(placesOf(testsBeside, files), ["proto/batch/bytes.ts:1"]);
});

Deno.test("a test elsewhere does not reach inner parts", () => {
  const files = {
    "edge/ring/ring.ts": 'import "./space.ts";',
    "edge/ring/space.ts": branching,
    "edge/agent_test.ts": 'import "./ring/ring.ts";',
  };
  deepStrictEqual(placesOf(testsBeside, files), ["edge/ring/space.ts:1"]);
});
