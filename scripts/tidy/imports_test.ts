import { deepStrictEqual } from "node:assert/strict";
import ts from "typescript";
import { importsOf, packageOf, targetOf } from "./imports.ts";

Deno.test("every form of import is read", () => {
  const text = `import a, { b as c, type D } from "./1.ts";
import type { E } from "./2.ts";
import { type F } from "./3.ts";
import * as g from "./4.ts";
import "./5.ts";
export { h as i } from "./6.ts";
export * from "./7.ts";
const j = await import("./8.ts");
type K = import("./9.ts").K;
export { c };`;
  const found = importsOf(ts.createSourceFile("a.ts", text, ts.ScriptTarget.Latest, true));
  deepStrictEqual(found.map(({ specifier, names, isTypeOnly }) => [specifier, names, isTypeOnly]), [
    ["./1.ts", ["b", "D", "default"], false],
    ["./2.ts", ["E"], true],
    ["./3.ts", ["F"], true],
    ["./4.ts", "all", false],
    ["./5.ts", [], false],
    ["./6.ts", ["h"], false],
    ["./7.ts", "all", false],
    ["./8.ts", "all", false],
    ["./9.ts", "all", true],
  ]);
  deepStrictEqual(found.filter(({ isDynamic }) => isDynamic).map(({ specifier }) => specifier), ["./8.ts"]);
});

Deno.test("specifiers lead to files and packages", () => {
  const targets = ["#proto/ids.ts", "../b.ts", "./c/d.ts", "hono"].map((one) => targetOf("edge/ring/a.ts", one));
  deepStrictEqual(targets, ["proto/ids.ts", "edge/b.ts", "edge/ring/c/d.ts", undefined]);
  const names = ["hono/http-exception", "@nats-io/kv/sub", "node:fs", "#proto/a.ts", "./a.ts"].map(packageOf);
  deepStrictEqual(names, ["hono", "@nats-io/kv", undefined, undefined, undefined]);
});
