/** Bounded waits for work that cannot be told to stop. */
import type { Clock } from "./ports.ts";

/** How long to wait and by which clock. */
export interface WithinOptions {
  readonly clock: Clock;
  readonly limitMs: number;
}

/** The work's result, or the fault when it takes too long; what the work does later is nobody's business then. */
export async function within<T>(
  work: Promise<T>,
  { fault, ...limit }: WithinOptions & { readonly fault: () => Error },
): Promise<T> {
  const inTime = await unlessLate(work.then((value) => ({ value })), limit);
  if (inTime === undefined) throw fault();
  return inTime.value;
}

/** Resolves once the work has settled, well or badly, or the time is over; tells whether it was in time. */
export async function settledWithin(work: Promise<unknown>, limit: WithinOptions): Promise<boolean> {
  return await unlessLate(work.then(() => true, () => true), limit) ?? false;
}

async function unlessLate<T>(work: Promise<T>, { clock, limitMs }: WithinOptions): Promise<T | undefined> {
  const timer = new AbortController();
  const late = clock.after(limitMs, timer.signal).then(() => undefined, () => undefined);
  try {
    return await Promise.race([work, late]);
  } finally {
    // With a reason of its own: making the usual exception takes longer than all of the rest.
    timer.abort("over");
  }
}
