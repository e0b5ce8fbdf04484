/** The queue of logins over a clock: links wait for their turns. */
import type { Clock } from "#proto/ports.ts";
import type { Rate } from "#proto/token_bucket.ts";
import { settledWithin } from "#proto/within.ts";
import { loginTurnWaitMs } from "./limits.ts";
import { LoginQueue } from "./login_queue.ts";

/** See {@link LoginQueue}. */
export class LoginTurns {
  readonly #clock: Clock;
  readonly #queue: LoginQueue<() => void>;
  #isServing = false;

  constructor(rate: Rate, clock: Clock) {
    this.#clock = clock;
    this.#queue = new LoginQueue(rate, clock.uptimeMs());
  }

  /** How many wait. */
  get waiting(): number {
    return this.#queue.waiting;
  }

  /** True when it is this link's turn, or the signal fires; false when neither comes in time. */
  async take(address: string, signal: AbortSignal): Promise<boolean> {
    const turn = Promise.withResolvers<void>();
    this.#queue.arrive(address, turn.resolve);
    signal.addEventListener("abort", () => turn.resolve(), { once: true });
    if (!this.#isServing) void this.#serve();
    const isInTime = await settledWithin(turn.promise, { clock: this.#clock, limitMs: loginTurnWaitMs });
    this.#queue.leave(address, turn.resolve);
    return isInTime;
  }

  /** Gives turns until nobody waits. */
  async #serve(): Promise<void> {
    this.#isServing = true;
    for (;;) {
      for (const give of this.#queue.pollTurns(this.#clock.uptimeMs())) give();
      const waitMs = this.#queue.waitMs(this.#clock.uptimeMs());
      if (waitMs === undefined) break;
      await this.#clock.after(waitMs);
    }
    this.#isServing = false;
  }
}
