/**
 * How soon a crashed service is started again: at once the first time, then with doubling pauses up to a cap, and from
 * the beginning after it ran well for a while.
 */

/** First pause, longest pause, and how long a run must last to be called good. */
const restartFirstMs = 200;
export const restartMaxMs = 10_000;
export const goodRunMs = 30_000;

/** Pause before the next start. `crashes`: how many runs in a row ended before {@link goodRunMs}, this one included. */
export function restartPauseMs(crashes: number): number {
  if (crashes <= 1) return 0;
  return Math.min(restartMaxMs, restartFirstMs * 2 ** (crashes - 2));
}

/** Crashes in a row after a run of that length ended. */
export function crashesAfter(runMs: number, crashesBefore: number): number {
  return runMs >= goodRunMs ? 1 : crashesBefore + 1;
}
