/**
 * How long to wait before the next attempt to link. Pure.
 * Source: "Exponential Backoff and Jitter", AWS Architecture Blog, 2015: full jitter spreads a fleet best.
 */
import { goodLinkMs, reconnectDelayMs, reconnectDelayMsMax, refusedDelayMs, retryAfterMsMax } from "../limits.ts";

/** Counts attempts in vain. */
export class BackOff {
  #attempts = 0;

  /** A link lasted so long: after a good one the waits begin anew. */
  handleLinked(lastedMs: number): void {
    if (lastedMs >= goodLinkMs) this.#attempts = 0;
  }

  /** Milliseconds to wait now, drawn by `fraction` in [0, 1). */
  next(fraction: number): number {
    const bound = Math.min(reconnectDelayMsMax, reconnectDelayMs * 2 ** Math.min(this.#attempts, 30));
    this.#attempts += 1;
    return bound * fraction;
  }
}

/**
 * Milliseconds for which a relay that refused is left alone: at least what it asked for and at most half as much again,
 * so that those who were refused together do not come back together. `retryAfterMs` 0: not before something changes on
 * the vehicle.
 */
export function refusalDelayMs(retryAfterMs: number, fraction: number): number {
  const asked = retryAfterMs === 0 ? refusedDelayMs : Math.min(retryAfterMs, retryAfterMsMax);
  return asked * (1 + fraction / 2);
}
