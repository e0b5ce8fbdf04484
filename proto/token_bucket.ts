/** A rate with a burst. Times are uptime in ms. */

/** Tokens per second lastingly, and the most that are saved up. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

/** What sums of fractions may fall short by, in tokens: a wait that was counted in whole ms is never one ulp too short. */
const ROUNDING = 1e-6;

/** Starts full. */
export class TokenBucket {
  readonly #rate: Rate;
  #tokens: number;
  #countedAtMs: number;

  constructor(rate: Rate, nowMs: number) {
    this.#rate = rate;
    this.#tokens = rate.burst;
    this.#countedAtMs = nowMs;
  }

  /** Takes a token if there is one. */
  take(nowMs: number): boolean {
    if (this.waitMs(nowMs) > 0) return false;
    this.#tokens -= 1;
    return true;
  }

  /** Gives a token back that was taken for nothing. */
  giveBack(): void {
    this.#tokens = Math.min(this.#rate.burst, this.#tokens + 1);
  }

  /** Ms until there is a token; 0 when there is one. */
  waitMs(nowMs: number): number {
    const { perSecond, burst } = this.#rate;
    this.#tokens = Math.min(burst, this.#tokens + Math.max(0, nowMs - this.#countedAtMs) / 1000 * perSecond);
    this.#countedAtMs = nowMs;
    return this.#tokens >= 1 - ROUNDING ? 0 : Math.max(1, Math.ceil((1 - this.#tokens) / perSecond * 1000));
  }
}
