/** Waits for what may never come, for a stated time. */
import type { Clock } from "#proto/ports.ts";

/** Resolves once the work has settled, well or badly, or the time is over; tells whether it was in time. */
export async function settledWithin(
  work: Promise<unknown>,
  options: { clock: Clock; limitMs: number },
): Promise<boolean> {
  const timer = new AbortController();
  const late = options.clock.after(options.limitMs, timer.signal).then(() => false, () => true);
  const settled = work.then(() => true, () => true);
  const inTime = await Promise.race([settled, late]);
  timer.abort();
  return inTime;
}
