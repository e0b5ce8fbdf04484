/** Waiting for something to do, or for a time, whichever is first. */
import type { Clock } from "#proto/ports.ts";

/** One waiter at a time. A ring while nobody waits is kept, so nothing is missed between looking and waiting. */
export class Bell {
  readonly #clock: Clock;
  #isRung = false;
  #wake: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  ring(): void {
    this.#isRung = true;
    this.#wake?.();
  }

  /** Resolves when rung, or at that uptime. */
  async wait(untilMs: number): Promise<void> {
    const delayMs = untilMs - this.#clock.uptimeMs();
    if (!this.#isRung && delayMs > 0) {
      const timer = new AbortController();
      const rung = new Promise<void>((resolve) => this.#wake = resolve);
      const due = this.#clock.after(delayMs, timer.signal).catch(() => undefined);
      await Promise.race([rung, due]);
      // With a reason of its own: making the usual exception would take longer than all of the rest.
      timer.abort("over");
      this.#wake = undefined;
    }
    this.#isRung = false;
  }
}
