/** Holds each request to its deadline, and all together to a number that the machine can bear. */
import { Fault } from "#proto/errors.ts";
import type { Clock } from "#proto/ports.ts";
import { answerTimeoutMs, requestsAtOnceMax } from "./limits.ts";

/** Counts the requests under way. */
export class Admission {
  readonly #clock: Pick<Clock, "after">;
  #underWay = 0;

  constructor(clock: Pick<Clock, "after">) {
    this.#clock = clock;
  }

  /** Does the work, or rejects with `deadline` when it takes too long and `unavailable` when there is too much of it. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#underWay >= requestsAtOnceMax) {
      throw new Fault("unavailable", `Cannot answer now: ${requestsAtOnceMax} requests are under way already`);
    }
    const finished = new AbortController();
    this.#underWay++;
    // What is past its deadline still burdens the store, so it counts until it ends.
    const working = Promise.try(work).finally(() => this.#underWay--);
    try {
      return await Promise.race([working, this.#expire(finished.signal)]);
    } finally {
      finished.abort();
    }
  }

  async #expire(signal: AbortSignal): Promise<never> {
    await this.#clock.after(answerTimeoutMs, signal);
    throw new Fault("deadline", `Cannot answer: the store took longer than ${answerTimeoutMs} ms`);
  }
}
