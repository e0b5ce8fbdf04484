/** How long the vehicle got no verdict while it had something to get one for. */

/** One stall, longer than the usual time between two verdicts. */
export interface Stall {
  readonly ms: number;
  /** What was wrong last when it ended. */
  readonly cause: string;
}

/** Watches the time of the last verdict. */
export class Stalls {
  /** The longest by cause, and how often each cause was there. */
  readonly longestMs = new Map<string, number>();
  readonly counts: Record<string, number> = {};
  #cause = "nothing";
  #seen: number | undefined;
  #sinceMs = 0;

  /** Something goes wrong now. */
  handleCause(cause: string): void {
    this.#cause = cause;
    this.counts[cause] = (this.counts[cause] ?? 0) + 1;
  }

  /** What the vehicle shows now: the time of its last verdict by its own clock, and whether any is due. */
  handleLook({ verdictAtMs, isDue }: { verdictAtMs: number; isDue: boolean }, nowMs: number): void {
    if (verdictAtMs === this.#seen && isDue) {
      const ms = Math.max(this.longestMs.get(this.#cause) ?? 0, nowMs - this.#sinceMs);
      this.longestMs.set(this.#cause, ms);
      return;
    }
    this.#seen = verdictAtMs;
    this.#sinceMs = nowMs;
  }
}
