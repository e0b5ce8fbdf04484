import { deepEqual, equal } from "node:assert/strict";
import { daysLeft, ExpiryWarnings } from "./expiry_warnings.ts";

const dayMs = 86_400_000;

/** What is warned of while a certificate of so many days runs out, looked at every hour, with the day of it. */
function warned(lifeDays: number, { fromDay = 0 }: { fromDay?: number } = {}): [number, number][] {
  const warnings = new ExpiryWarnings({ notBeforeMs: 0, notAfterMs: lifeDays * dayMs });
  const said: [number, number][] = [];
  for (let hour = fromDay * 24; hour <= lifeDays * 24 + 48; hour++) {
    const days = warnings.poll(hour * 3_600_000);
    if (days !== undefined) said.push([lifeDays - hour / 24, days]);
  }
  return said;
}

Deno.test("a certificate is warned of at 30, 7 and 1 days before its end and at it, each once", () => {
  deepEqual(warned(90), [[30, 30], [7, 7], [1, 1], [0, 0]]);
});

Deno.test("of several warnings that are due at a start only the most urgent is said", () => {
  deepEqual(warned(90, { fromDay: 85 }), [[5, 7], [1, 1], [0, 0]]);
  deepEqual(warned(90, { fromDay: 91 }), [[-1, 0]]);
});

Deno.test("a certificate is not warned of from its first day on because its life is short", () => {
  deepEqual(warned(30), [[7, 7], [1, 1], [0, 0]]);
  deepEqual(warned(1), [[0, 0]]);
});

Deno.test("days left have fractions and fall below zero", () => {
  equal(daysLeft({ notAfterMs: 10 * dayMs }, 8.5 * dayMs), 1.5);
  equal(daysLeft({ notAfterMs: 0 }, dayMs), -1);
});
