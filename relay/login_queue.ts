/**
 * Turns for logins: each costs the shard a millisecond or two of checking, so they get a rate of their own, and what is
 * above it waits. Addresses take turns, each in the order of its links: who brings a thousand waits for the thousand,
 * and everybody else for one of them.
 *
 *     (nothing) -- arrive --> waiting -- pollTurns --> (its turn)
 *                                `------ leave ------> (nothing)
 *
 * At most as many wait as links may be half open, which the door sees to. Times are uptime in ms.
 */
import { type Rate, TokenBucket } from "#proto/token_bucket.ts";

/** See the head of this file. */
export class LoginQueue<Waiter> {
  readonly #turns: TokenBucket;
  /** In the order in which the addresses are served: who was served goes to the end. */
  readonly #byAddress = new Map<string, Set<Waiter>>();
  #waiting = 0;

  constructor(rate: Rate, nowMs: number) {
    this.#turns = new TokenBucket(rate, nowMs);
  }

  /** How many wait. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Puts one behind those of the same address. */
  arrive(address: string, waiter: Waiter): void {
    const waiters = this.#byAddress.get(address) ?? new Set();
    this.#waiting += waiters.has(waiter) ? 0 : 1;
    this.#byAddress.set(address, waiters.add(waiter));
  }

  /** Takes one out that does not want its turn any more; one that had it is out already. */
  leave(address: string, waiter: Waiter): void {
    const waiters = this.#byAddress.get(address);
    if (waiters?.delete(waiter) !== true) return;
    this.#waiting -= 1;
    if (waiters.size === 0) this.#byAddress.delete(address);
  }

  /** Those whose turn it is now. */
  pollTurns(nowMs: number): Waiter[] {
    const turns: Waiter[] = [];
    while (this.#waiting > 0 && this.#turns.take(nowMs)) turns.push(this.#next());
    return turns;
  }

  /** Ms until {@link pollTurns} has somebody; undefined when nobody waits. */
  waitMs(nowMs: number): number | undefined {
    return this.#waiting === 0 ? undefined : this.#turns.waitMs(nowMs);
  }

  #next(): Waiter {
    const [[address, waiters]] = this.#byAddress;
    const [waiter] = waiters;
    this.leave(address, waiter);
    if (waiters.size > 0) {
      this.#byAddress.delete(address);
      this.#byAddress.set(address, waiters);
    }
    return waiter;
  }
}
