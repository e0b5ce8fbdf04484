import { deepStrictEqual } from "node:assert/strict";
import { moduleState } from "./module_state.ts";
import { placesOf } from "./testing/found.ts";

function linesOf(text: string): string[] {
  return placesOf(moduleState, { "proto/a.ts": text }).map((place) => place.split(":")[1]);
}

Deno.test("variables and open collections at module level are found", () => {
  const text = `let count = 0;
const known = new Map<string, number>();
const codes: ReadonlyMap<string, number> = new Map();
function inside() { let n = 0; n += 1; const seen = new Set(); return seen; }`;
  deepStrictEqual(linesOf(text), ["1", "2"]);
});

Deno.test("a constant that is changed in a function is found, a table filled while loading is not", () => {
  const text = `const table = new Uint32Array(256);
for (let i = 0; i < 256; i++) table[i] = i;
const list: string[] = [];
function add(text: string) {
  list.push(text);
  table[0]++;
  delete table[1];
  text.length;
  list.map(String);
}`;
  deepStrictEqual(linesOf(text), ["5", "6", "7"]);
});

Deno.test("static properties are readonly", () => {
  deepStrictEqual(linesOf("class A {\n  static readonly b = 1;\n  static c = 1;\n  d = 1;\n}"), ["3"]);
});
