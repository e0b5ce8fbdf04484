import { deepStrictEqual } from "node:assert/strict";
import { docstrings } from "./docstrings.ts";
import { placesOf } from "./testing/found.ts";

Deno.test("exports have docstrings, and constants that stand together share one", () => {
  const text = `/** Told. */
export const aMs = 1;
export const bMs = 2;

export const cMs = 3;
export const dMs = 4;
// No docstring.
export function e() {}
function f() {}
/** Told. */
export interface G {}
export interface H {}
`;
  deepStrictEqual(placesOf(docstrings, { "proto/a.ts": text }), [5, 6, 8, 12].map((line) => `proto/a.ts:${line}`));
});
