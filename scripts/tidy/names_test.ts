import { deepStrictEqual } from "node:assert/strict";
import { names } from "./names.ts";
import { placesOf } from "./testing/found.ts";

Deno.test("words that say nothing are found in declarations and paths", () => {
  const files = {
    "edge/a.ts":
      "class LinkManager {}\ninterface StoreImpl {}\nconst utils = 1;\nfunction managed() {}\nfoo.manager();",
    "edge/helpers/b.ts": "",
    "edge/time_util.ts": "",
  };
  deepStrictEqual(placesOf(names, files), [
    "edge/a.ts:1",
    "edge/a.ts:2",
    "edge/a.ts:3",
    "edge/helpers/b.ts:1",
    "edge/time_util.ts:1",
  ]);
});

Deno.test("the bound comes last, but names of others are as they are", () => {
  const text = `const maxBytes = 1;
const bytesMax = 1;
open({ maxStreams: bytesMax });
const { maxAge } = options;
interface Bounds { minDelayMs: number; max: number }`;
  deepStrictEqual(placesOf(names, { "edge/a.ts": text }), ["edge/a.ts:1", "edge/a.ts:5"]);
});

Deno.test("files are named in lower case", () => {
  deepStrictEqual(placesOf(names, { "edge/fooBar.ts": "", "edge/foo-bar.ts": "", "edge/foo_bar.ts": "" }), [
    "edge/fooBar.ts:1",
    "edge/foo-bar.ts:1",
  ]);
});
