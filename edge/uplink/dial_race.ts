/**
 * The race of one dial: transports start one after another, and the first that reaches the relay has won. Pure.
 * Source: RFC 8305 (happy eyeballs), for transports instead of addresses.
 *
 *     racing -- poll: the next one's time --> dial it          racing -- handleFailed --> the next one's time is now
 *     racing -- all failed, or limitMs --> lost
 */
import type { Transport } from "#proto/ports.ts";
import type { DialPlan } from "./transport_memory.ts";

/** What is to be done now. */
export type RaceStep =
  | { readonly kind: "dial"; readonly transport: Transport }
  | { readonly kind: "wait"; readonly untilMs: number }
  | { readonly kind: "lost" };

/** One race. Times are uptime in ms. */
export class DialRace {
  readonly #plan: DialPlan;
  readonly #limitMs: number;
  #started = 0;
  #failed = 0;
  #nextMs: number;

  constructor(plan: DialPlan, nowMs: number) {
    this.#plan = plan;
    this.#limitMs = nowMs + plan.limitMs;
    this.#nextMs = nowMs;
  }

  poll(nowMs: number): RaceStep {
    const { order, staggerMs } = this.#plan;
    if (this.#failed === order.length || nowMs >= this.#limitMs) return { kind: "lost" };
    const hasNext = this.#started < order.length;
    if (hasNext && nowMs >= this.#nextMs) {
      this.#nextMs = nowMs + staggerMs;
      return { kind: "dial", transport: order[this.#started++] };
    }
    return { kind: "wait", untilMs: hasNext ? Math.min(this.#nextMs, this.#limitMs) : this.#limitMs };
  }

  /** One that was started came to nothing. */
  handleFailed(nowMs: number): void {
    this.#failed += 1;
    this.#nextMs = nowMs;
  }
}
