/** A wait that can be cut short. */
import type { Clock } from "#proto/ports.ts";

/** Waits for some milliseconds, none when they are negative. Resolves to false when the signal came first. */
export function pause(clock: Clock, { delayMs, signal }: { delayMs: number; signal: AbortSignal }): Promise<boolean> {
  return clock.after(Math.max(0, delayMs), signal).then(() => true, () => false);
}
