/** Bounds a wait for work that cannot be told to stop. */
import type { Clock } from "#proto/ports.ts";

/** How long, by which clock, and what to throw after it. */
export interface WithinOptions {
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly fault: () => Error;
}

/** The work's result, or the fault when it takes too long; what the work does later is nobody's business then. */
export async function within<T>(work: Promise<T>, { clock, timeoutMs, fault }: WithinOptions): Promise<T> {
  const timer = new AbortController();
  const late = clock.after(timeoutMs, timer.signal).then(() => true, () => false);
  try {
    const first = await Promise.race([work.then((value) => ({ value })), late]);
    if (typeof first === "object") return first.value;
    throw fault();
  } finally {
    timer.abort();
  }
}
