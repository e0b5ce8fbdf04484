import { deepStrictEqual, match } from "node:assert/strict";
import { projectOf } from "./project.ts";
import { sizes, sizeTable } from "./sizes.ts";
import { placesOf } from "./testing/found.ts";

function lines(count: number): string {
  return "  go();\n".repeat(count);
}

Deno.test("a function stops at 70 lines, a file at 600", () => {
  const files = {
    "edge/a.ts": `function a() {\n${lines(68)}}\nfunction b() {\n${lines(69)}}\n`,
    "edge/b.ts": lines(601),
    "edge/c_test.ts": lines(601),
  };
  deepStrictEqual(placesOf(sizes, files), ["edge/a.ts:71", "edge/b.ts:1"]);
});

Deno.test("a suite is as long as what stands around its cases", () => {
  const suite = `export function testStore() {\n  Deno.test("a", () => {\n${lines(60)}  });\n${lines(9)}}\n`;
  deepStrictEqual(placesOf(sizes, { "cloud/store_suite.ts": suite, "cloud/store.ts": suite }), ["cloud/store.ts:1"]);
});

Deno.test("the table counts functions and files of each member, without tests", () => {
  const files = {
    "edge/a.ts": "const a = () => 1;\nfunction b() {\n}\n",
    "edge/a_test.ts": lines(9),
    "relay/b.ts": lines(5),
  };
  const rows = sizeTable(projectOf(files, { imports: {}, published: [] })).split("\n");
  match(rows[1], /^edge +2 +2 +2 +2 +1 +3 +3 +3$/);
  match(rows[2], /^relay +0 +0 +0 +0 +1 +5 +5 +5$/);
  match(rows[3], /^all +2 +2 +2 +2 +2 +5 +5 +5$/);
});
