import assert from "node:assert/strict";
import { Rate } from "./rate.ts";

Deno.test("a steady rate is known from the first seconds on", () => {
  const rate = new Rate(60_000, 0);
  assert.equal(rate.perSecond(0), 0);
  for (let second = 1; second <= 300; second++) {
    rate.add(500, second * 1000);
    const shown = rate.perSecond(second * 1000);
    assert.ok(Math.abs(shown - 500) < 10, `${shown} after ${second} s`);
  }
});

Deno.test("what was long ago is forgotten", () => {
  const rate = new Rate(60_000, 0);
  rate.add(1_000_000, 1000);
  assert.ok(rate.perSecond(601_000) < 2);
});
