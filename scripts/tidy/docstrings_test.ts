import { deepStrictEqual } from "node:assert/strict";
import { docstrings } from "./docstrings.ts";
import { placesOf } from "./testing/found.ts";

Deno.test("exports have docstrings, and constants that stand together share one", () => {
  const text = `/** Told. */
export const aMs = 1;
export const bMs = 2;

export const cMs = 3;
// No docstring.
export function d() {}
function e() {}
/** Told. */
export interface F {}
export interface G {}
`;
  deepStrictEqual(placesOf(docstrings, { "proto/a.ts": text }), ["proto/a.ts:5", "proto/a.ts:7", "proto/a.ts:11"]);
});
