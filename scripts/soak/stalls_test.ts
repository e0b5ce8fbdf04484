import { deepEqual } from "node:assert/strict";
import { Stalls } from "./stalls.ts";

/** Shows a vehicle that always has something due. */
function look(stalls: Stalls, verdictAtMs: number, nowMs: number) {
  stalls.handleLook({ verdictAtMs, isDue: true }, nowMs);
}

Deno.test("a stall lasts from one verdict to the next, and the longest is kept by its cause", () => {
  const stalls = new Stalls();
  look(stalls, 1, 100);
  look(stalls, 1, 150);
  look(stalls, 2, 200);
  stalls.handleCause("kill");
  for (const nowMs of [1_000, 2_000, 3_000]) look(stalls, 2, nowMs);
  look(stalls, 3, 3_100);
  look(stalls, 3, 3_200);
  stalls.handleCause("cut");
  look(stalls, 4, 3_300);
  look(stalls, 4, 3_400);
  stalls.handleCause("cut");
  deepEqual(Object.fromEntries(stalls.longestMs), { nothing: 50, kill: 2_800, cut: 100 });
  deepEqual(stalls.counts, { kill: 1, cut: 2 });
});

Deno.test("a vehicle that waits for nothing does not stall", () => {
  const stalls = new Stalls();
  look(stalls, 1, 0);
  for (const nowMs of [5_000, 9_000]) stalls.handleLook({ verdictAtMs: 1, isDue: false }, nowMs);
  look(stalls, 1, 9_100);
  deepEqual(Object.fromEntries(stalls.longestMs), { nothing: 100 });
});
