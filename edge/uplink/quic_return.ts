/**
 * When a link over TCP is left for QUIC again, which serves better: after a while, and more rarely after each try in vain.
 * Pure.
 *
 *     over QUIC -- handleLinked(tcp) --> over TCP, a try is due after a wait -- handleVain --> after twice the wait
 *     over TCP -- handleLinked(quic) --> over QUIC; the waits begin anew when that lasted
 */
import type { Transport } from "#proto/ports.ts";
import { goodQuicMs, returnDelayMs, returnDelayMsMax } from "../limits.ts";

/** The return of one vehicle. Times are uptime in ms. */
export class QuicReturn {
  #attempts = 0;
  #dueMs = Infinity;
  #quicSinceMs: number | undefined;

  /** Uptime at which QUIC is to be tried; Infinity: not at all. */
  get dueMs(): number {
    return this.#dueMs;
  }

  /** Another link serves. `fraction` in [0, 1) spreads a fleet. */
  handleLinked(transport: Transport, { nowMs, fraction }: { nowMs: number; fraction: number }): void {
    if (transport !== "tcp") {
      this.#quicSinceMs ??= nowMs;
      this.#dueMs = Infinity;
      return;
    }
    if (this.#quicSinceMs !== undefined && nowMs - this.#quicSinceMs >= goodQuicMs) this.#attempts = 0;
    this.#quicSinceMs = undefined;
    this.#await(nowMs, fraction);
  }

  /** A try came to nothing. */
  handleVain({ nowMs, fraction }: { nowMs: number; fraction: number }): void {
    this.#await(nowMs, fraction);
  }

  #await(nowMs: number, fraction: number): void {
    const delayMs = Math.min(returnDelayMsMax, returnDelayMs * 2 ** Math.min(this.#attempts, 30));
    this.#attempts += 1;
    this.#dueMs = nowMs + delayMs * (1 + fraction / 2);
  }
}
