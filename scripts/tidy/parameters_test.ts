import { deepStrictEqual } from "node:assert/strict";
import { parameters } from "./parameters.ts";
import { placesOf } from "./testing/found.ts";

function linesOf(text: string): string[] {
  return placesOf(parameters, { "proto/a.ts": text }).map((place) => place.split(":")[1]);
}

Deno.test("two required parameters, then options, and the time last", () => {
  const text = `export function a(b: A, c: B, d: C) {}
export function e(b: A, c: B, options: Options) {}
export function f(b: A, c: B, { d }: C, now: number) {}
export function g(b: A, c: B, d = 1, ...e: C[]) {}
function inner(b: A, c: B, d: C) {}
export const h = (b: A, c: B, d: C) => b;
export class I {
  j(b: A, c: B, d: C) {}
  #k(b: A, c: B, d: C) {}
}`;
  deepStrictEqual(linesOf(text), ["1", "6", "8"]);
});

Deno.test("a boolean is alone or has a name", () => {
  const text = `export function setReady(isReady: boolean) {}
export function open(path: string, create: boolean) {}
export function shut(path: string, options: { force: boolean }) {}`;
  deepStrictEqual(linesOf(text), ["2"]);
});
