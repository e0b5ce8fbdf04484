/**
 * Keeps live from starving backfill where the link is too slow for both. The transport itself prefers live always, so
 * live steps aside for a moment when backfill has not had its share. Pure. Source: protocol.md section 4.3.
 *
 * Live bytes that go while backfill is held back by the transport make a debt of `backfillShare` of them; backfill bytes
 * pay it. A debt of one batch stops live until it is paid, or for `liveAsideMs` at most.
 */
import { backfillOwedBytesMax, backfillShare, liveAsideMs } from "../limits.ts";

/** The share of one link. */
export class LaneShare {
  #owedBytes = 0;
  #asideUntilMs: number | undefined;

  /** Live bytes were written; `backfillWaits`: it has something, and the transport took none of it. */
  handleLive(bytes: number, options: { backfillWaits: boolean }): void {
    const owed = options.backfillWaits ? this.#owedBytes + bytes * backfillShare / (1 - backfillShare) : 0;
    this.#owedBytes = Math.min(owed, 2 * backfillOwedBytesMax);
  }

  /** Backfill bytes were written. */
  handleBackfill(bytes: number): void {
    this.#owedBytes = Math.max(0, this.#owedBytes - bytes);
  }

  /** Uptime until which live waits for backfill at the longest; undefined when it may go. */
  pollLive(nowMs: number): number | undefined {
    if (this.#asideUntilMs !== undefined && nowMs >= this.#asideUntilMs) this.#owedBytes = 0;
    if (this.#owedBytes < backfillOwedBytesMax) this.#asideUntilMs = undefined;
    else this.#asideUntilMs ??= nowMs + liveAsideMs;
    return this.#asideUntilMs;
  }
}
