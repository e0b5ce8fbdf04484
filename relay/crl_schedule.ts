/**
 * When a list of revoked certificates is fetched.
 *
 *     due -- began --> under way -- succeeded --> waiting for the poll interval, less up to a tenth of it
 *      ^                   `------- failed -----> waiting: 1 s, 2 s, 4 s ... and never longer than that interval
 *      `---- time over, or a hint: at once, but not within 0.5 s of the last beginning
 *
 * A hint that comes while a fetch is under way counts for the next one, because what is under way may be older.
 */
import { crlHintIntervalMs, crlRetryMs } from "./limits.ts";

/** The schedule of one issuer. Times are uptime in ms; due from the beginning. */
export class CrlSchedule {
  readonly #pollMs: number;
  #dueMs = -Infinity;
  #beganMs = -Infinity;
  #isHinted = false;
  #failures = 0;

  constructor(pollMs: number) {
    this.#pollMs = pollMs;
  }

  /** Someone says that there is a newer list. */
  handleHint(): void {
    this.#isHinted = true;
  }

  /** A fetch begins. */
  handleBegan(nowMs: number): void {
    this.#beganMs = nowMs;
    this.#isHinted = false;
  }

  /** It brought a good list. `chance` in [0, 1) keeps relays that were started together apart. */
  handleSucceeded(chance: number, nowMs: number): void {
    this.#failures = 0;
    this.#dueMs = nowMs + this.#pollMs * (1 - chance / 10);
  }

  /** It brought none. */
  handleFailed(nowMs: number): void {
    this.#dueMs = nowMs + Math.min(this.#pollMs, crlRetryMs * 2 ** this.#failures);
    this.#failures += 1;
  }

  /** How long to wait before the next fetch, unless a hint comes; 0: fetch now. */
  pollWaitMs(nowMs: number): number {
    const dueMs = this.#isHinted ? this.#beganMs + crlHintIntervalMs : this.#dueMs;
    return Math.max(0, dueMs - nowMs);
  }
}
