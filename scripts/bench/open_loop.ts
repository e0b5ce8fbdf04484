/**
 * Calls at a steady rate, whatever has become of the calls before: a stall delays every call that falls due meanwhile,
 * and counts for each of them. Waiting for answers before the next call would hide it ("coordinated omission").
 */
import type { Clock } from "#proto/ports.ts";

/** How often and how long. */
export interface OpenLoopOptions {
  readonly perSecond: number;
  readonly seconds: number;
  readonly clock: Pick<Clock, "uptimeMs" | "after">;
  /** Ends the calls before their time. */
  readonly signal?: AbortSignal;
}

/** One call. */
export interface Due {
  /** From 0. */
  readonly number: number;
  /** When it was due, on the clock's uptime. */
  readonly dueMs: number;
}

/** Milliseconds from the moment when each call was due. */
export interface OpenLoopTimes {
  /** To its end, of those that did not fail. */
  readonly latenciesMs: readonly number[];
  /** To its begin: what the caller's own machine adds. */
  readonly latenessMs: readonly number[];
  /** What failed calls were rejected with. */
  readonly failures: readonly unknown[];
}

/** Begins every call when it is due; resolves when all have ended. */
export async function runOpenLoop(options: OpenLoopOptions, call: (due: Due) => Promise<void>): Promise<OpenLoopTimes> {
  const { perSecond, seconds, clock, signal } = options;
  const times = { latenciesMs: new Array<number>(), latenessMs: new Array<number>(), failures: new Array<unknown>() };
  const begin = async (due: Due) => {
    times.latenessMs.push(clock.uptimeMs() - due.dueMs);
    try {
      await call(due);
      times.latenciesMs.push(clock.uptimeMs() - due.dueMs);
    } catch (error) {
      times.failures.push(error);
    }
  };
  const startMs = clock.uptimeMs();
  const total = Math.round(perSecond * seconds);
  const calls: Promise<void>[] = [];
  while (calls.length < total && signal?.aborted !== true) {
    const dueMs = startMs + calls.length * 1000 / perSecond;
    const waitMs = dueMs - clock.uptimeMs();
    if (waitMs > 0) await clock.after(waitMs);
    else calls.push(begin({ number: calls.length, dueMs }));
  }
  await Promise.all(calls);
  return times;
}
