import { equal } from "node:assert/strict";
import { offsetToFix } from "./clock_offset.ts";

const day = 86_400_000_000_000n;

Deno.test("a clock that is right within a second needs no offset", () => {
  equal(offsetToFix({ aheadNs: 999_000_000n, wallNs: day, epochNowNs: day }), 0n);
  equal(offsetToFix({ aheadNs: -999_000_000n, wallNs: day, epochNowNs: undefined }), 0n);
});

Deno.test("an epoch that opened in 1970 gets the years that it lacks", () => {
  equal(offsetToFix({ aheadNs: 20_000n * day, wallNs: day, epochNowNs: day }), 20_000n * day);
});

Deno.test("a wall clock that was set since does not change what the epoch's times lack", () => {
  const wallNs = 20_000n * day;
  equal(offsetToFix({ aheadNs: 0n, wallNs, epochNowNs: wallNs - 7n * day }), 7n * day);
});
