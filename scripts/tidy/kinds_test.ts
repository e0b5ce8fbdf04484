import { deepStrictEqual } from "node:assert/strict";
import { isProgram, kindOf, mayTouchWorld } from "./kinds.ts";

Deno.test("a file's path tells its kind", () => {
  const paths = [
    "proto/gen/a_pb.ts",
    "edge/a_fuzz_test.ts",
    "edge/a_bench.ts",
    "cloud/lib/testing/a.ts",
    "edge/a_suite.ts",
  ];
  deepStrictEqual(paths.map(kindOf), ["generated", "test", "test", "support", "support"]);
  deepStrictEqual(["scripts/dev.ts", "scripts/e2e/a.ts", "edge/a.ts"].map(kindOf), ["script", "support", "shipped"]);
});

Deno.test("programs are named so, or lie on top of scripts", () => {
  const paths = ["edge/main.ts", "cloud/query/worker.ts", "scripts/dev.ts", "scripts/dev/a.ts", "edge/domain.ts"];
  deepStrictEqual(paths.map(isProgram), [true, true, true, false, false]);
});

Deno.test("the world is touched in io and programs", () => {
  const paths = ["edge/io/a.ts", "cloud/lib/store/io/a.ts", "relay/shard.ts", "relay/studio/a.ts", "scripts/dev/a.ts"];
  deepStrictEqual(paths.map(mayTouchWorld), [true, true, true, false, true]);
});
