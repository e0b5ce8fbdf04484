/** How long an agent that was started again takes until it answers a post durable. */

/** Milliseconds from each start of the process to the end of its first durable answer. */
export class RestartTimes {
  readonly timesMs: number[] = [];
  /** Processor time that it had used by then: what a machine that does other things too does not change. */
  readonly cpuMs: number[] = [];
  /** Starts that ended before anything was durable. */
  cutShort = 0;
  readonly #cpuSeconds: () => number;
  #startedAtMs: number | undefined;

  /** `cpuSeconds`: what the present process has used so far. */
  constructor(cpuSeconds: () => number) {
    this.#cpuSeconds = cpuSeconds;
  }

  handleStarted(nowMs: number): void {
    if (this.#startedAtMs !== undefined) this.cutShort++;
    this.#startedAtMs = nowMs;
  }

  /** A durable answer to a post that was begun at `begunAtMs`: one begun before the start may be the old process's. */
  handleDurable(begunAtMs: number, nowMs: number): void {
    if (this.#startedAtMs === undefined || begunAtMs < this.#startedAtMs) return;
    this.timesMs.push(nowMs - this.#startedAtMs);
    this.cpuMs.push(this.#cpuSeconds() * 1000);
    this.#startedAtMs = undefined;
  }
}
