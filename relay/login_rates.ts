/**
 * How often one vehicle may log in. Counted by proven logins only: nobody can use up the rate of a vehicle whose key he
 * does not have. Bounded: the vehicle unused for longest is forgotten, which only forgives it.
 */
import type { VehicleId } from "#proto/ids.ts";
import { type Rate, TokenBucket } from "#proto/token_bucket.ts";
import { loginRatesMax } from "./limits.ts";

/** The rates of one shard. Times are uptime in ms. */
export class LoginRates {
  readonly #rate: Rate;
  // In order of last use.
  readonly #buckets = new Map<VehicleId, TokenBucket>();

  constructor(rate: Rate) {
    this.#rate = rate;
  }

  /** How many vehicles are remembered. */
  get size(): number {
    return this.#buckets.size;
  }

  /** Counts a proven login: 0 when it may go on, else ms until the vehicle may come again. */
  handleLogin(vehicle: VehicleId, nowMs: number): number {
    const bucket = this.#buckets.get(vehicle) ?? new TokenBucket(this.#rate, nowMs);
    this.#buckets.delete(vehicle);
    this.#buckets.set(vehicle, bucket);
    if (this.#buckets.size > loginRatesMax) {
      const [oldest] = this.#buckets.keys();
      this.#buckets.delete(oldest);
    }
    return bucket.take(nowMs) ? 0 : bucket.waitMs(nowMs);
  }
}
