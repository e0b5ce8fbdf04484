/** One moment as the pure machines take it: a wall clock for stamps, an uptime for waiting. */
import type { Clock } from "./ports.ts";

/** Both readings of a {@link Clock}, taken together. */
export interface Instant {
  /** Nanoseconds since 1970, UTC, by this side's clock; may step. Only stamped and compared with certificates. */
  readonly wallNs: bigint;
  /** Milliseconds that never step. Every deadline and interval is measured in these. */
  readonly uptimeMs: number;
}

/** Reads the clock. */
export function instantOf(clock: Clock): Instant {
  return { wallNs: clock.wallNs(), uptimeMs: clock.uptimeMs() };
}
