/** Time under a test's control. */
import type { Clock } from "../ports.ts";

/** A clock that moves only when told; timers fire in order of due time, then of creation. */
export class VirtualClock implements Clock {
  constructor(_start: { wallNs?: bigint; uptimeMs?: number } = {}) {
    throw new Error("to be written");
  }

  wallNs(): bigint {
    throw new Error("to be written");
  }

  uptimeMs(): number {
    throw new Error("to be written");
  }

  after(_delayMs: number, _signal?: AbortSignal): Promise<void> {
    throw new Error("to be written");
  }

  /** Sets the wall clock forward or back; uptime and timers do not notice. */
  stepWall(_byNs: bigint): void {
    throw new Error("to be written");
  }

  /** Moves time on, firing what falls due and letting everything that follows from it run. */
  advance(_byMs: number): Promise<void> {
    throw new Error("to be written");
  }

  /**
   * Moves time on from timer to timer until the work settles, and gives its result. Throws when it has not after
   * `limitMs` (one hour by default) of virtual time, or when nothing is left that could settle it.
   */
  run<T>(_work: Promise<T>, _options: { limitMs?: number } = {}): Promise<T> {
    throw new Error("to be written");
  }
}
