import { equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { printedDouble } from "./printed.ts";

function bitsOf(float: number): number {
  return new Int32Array(Float32Array.of(float).buffer)[0];
}

Deno.test("a float32 of ordinary size gives the double that its nine digits parse to", () => {
  const ordinary = fc.oneof(
    fc.float({ noNaN: true, noDefaultInfinity: true, min: Math.fround(1e-10), max: Math.fround(1e15) }),
    fc.float({ noNaN: true, noDefaultInfinity: true, min: -1000, max: 1000 }).filter((value) =>
      Math.abs(value) > 1e-10
    ),
  );
  let differing = 0;
  fc.assert(
    fc.property(ordinary, (float) => {
      const printed = printedDouble(float, bitsOf(float));
      // A tie within 2^-23 of a half may fall to the other side; the sender then takes another form.
      if (printed !== Number(float.toPrecision(9))) differing++;
    }),
    { numRuns: 5000 },
  );
  ok(differing <= 5, `${differing} of 5000 differ`);
});

Deno.test("zeros keep their sign, and what is not finite stays", () => {
  for (const float of [0, -0, NaN, Infinity, -Infinity]) {
    ok(Object.is(printedDouble(float, bitsOf(float)), float), `${float}`);
  }
});

Deno.test("values of the recorded flights come out as they are written there", () => {
  const texts = [
    "0.000849919685",
    "-0.0320830867",
    "9.80360889",
    "-7.12294132e-05",
    "2139095040",
    "4136.02344",
    "0.00100000005",
  ];
  for (const text of texts) equal(printedDouble(Math.fround(Number(text)), bitsOf(Number(text))), Number(text), text);
});
