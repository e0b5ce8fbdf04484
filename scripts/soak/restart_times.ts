/** How long an agent that was started again takes until it answers a post durable. */

/** Milliseconds from each start of the process to the end of its first durable answer. */
export class RestartTimes {
  readonly timesMs: number[] = [];
  /** Starts that ended before anything was durable. */
  cutShort = 0;
  #startedAtMs: number | undefined;

  handleStarted(nowMs: number): void {
    if (this.#startedAtMs !== undefined) this.cutShort++;
    this.#startedAtMs = nowMs;
  }

  /** A durable answer to a post that was begun at `begunAtMs`: one begun before the start may be the old process's. */
  handleDurable(begunAtMs: number, nowMs: number): void {
    if (this.#startedAtMs === undefined || begunAtMs < this.#startedAtMs) return;
    this.timesMs.push(nowMs - this.#startedAtMs);
    this.#startedAtMs = undefined;
  }
}
