/** A rate that forgets: an exponentially weighted mean over a window of time. */

/** Amounts that come in over time, averaged over about `windowMs`. */
export class Rate {
  readonly #windowMs: number;
  readonly #startMs: number;
  #amount = 0;
  #atMs: number;

  constructor(windowMs: number, nowMs: number) {
    this.#windowMs = windowMs;
    this.#startMs = nowMs;
    this.#atMs = nowMs;
  }

  add(amount: number, nowMs: number): void {
    this.#amount = this.#amount * this.#decay(nowMs - this.#atMs) + amount;
    this.#atMs = nowMs;
  }

  /** Amount per second; while less than a window has passed, the mean of what has. */
  perSecond(nowMs: number): number {
    const filled = 1 - this.#decay(nowMs - this.#startMs);
    if (filled <= 0) return 0;
    return this.#amount * this.#decay(nowMs - this.#atMs) * 1000 / (this.#windowMs * filled);
  }

  #decay(elapsedMs: number): number {
    return Math.exp(-elapsedMs / this.#windowMs);
  }
}
