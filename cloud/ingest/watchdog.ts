/** A watchdog timer: expires when there was no sign of life for too long. */
import type { Clock } from "#proto/ports.ts";

/** What it goes by. */
export interface WatchdogOptions {
  readonly clock: Clock;
  readonly limitMs: number;
}

/** Begins to run when it is made. */
export class Watchdog {
  readonly #options: WatchdogOptions;
  #fedAtMs: number;

  constructor(options: WatchdogOptions) {
    this.#options = options;
    this.#fedAtMs = options.clock.uptimeMs();
  }

  /** There was a sign of life. */
  feed(): void {
    this.#fedAtMs = this.#options.clock.uptimeMs();
  }

  /** Resolves with true when it expires, with false when the signal fires before. */
  async expired(signal: AbortSignal): Promise<boolean> {
    const { clock, limitMs } = this.#options;
    while (!signal.aborted) {
      const leftMs = this.#fedAtMs + limitMs - clock.uptimeMs();
      if (leftMs <= 0) return true;
      await clock.after(leftMs, signal).catch(() => undefined);
    }
    return false;
  }
}
