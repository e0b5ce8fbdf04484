import { ok, strictEqual } from "node:assert/strict";
import { RateBudget } from "./rate_budget.ts";

const horizonMs = 300;

Deno.test("what is read soon after a pause is measured from the pause's end, over the shortest measure at least", () => {
  const budget = new RateBudget({ bytesMin: 1_000, bytesMax: 1_000_000 }, 0);
  budget.handleWrite(1_000, { nowMs: 5_000, horizonMs });
  budget.handleRead(1_000, 5_010);
  strictEqual(budget.rate, 10_000);
  strictEqual(budget.allowance(horizonMs), 3_000);
});

Deno.test("many small reports measure what one large one does", () => {
  const budget = new RateBudget({ bytesMin: 1_000, bytesMax: 1_000_000 }, 0);
  budget.handleWrite(60_000, { nowMs: 0, horizonMs });
  for (let ms = 1; ms <= 500; ms++) budget.handleRead(100 * ms, ms);
  ok(Math.abs(budget.rate - 100_000) < 1_000, String(budget.rate));
});

Deno.test("a budget keeps its bounds whatever is reported", () => {
  const budget = new RateBudget({ bytesMin: 1_000, bytesMax: 50_000 }, 0);
  budget.handleWrite(200_000, { nowMs: 0, horizonMs });
  budget.handleRead(1e18, 1);
  strictEqual(budget.written, 200_000);
  strictEqual(budget.allowance(horizonMs), 50_000);
});
