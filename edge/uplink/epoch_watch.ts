/**
 * When a new epoch must be opened because time has broken: the machine slept, or its wall clock and the epoch's time
 * have come apart. Pure. Source: protocol.md section 1 (epoch).
 */
import type { Instant } from "#proto/instant.ts";
import { clockDriftMsMax, driftEpochIntervalMs, epochWatchIntervalMs, suspendJumpMs } from "../limits.ts";

/** Asked every `epochWatchIntervalMs`. */
export class EpochWatch {
  #tickedAtMs: number;
  #driftedAtMs = -Infinity;

  constructor(now: Instant) {
    this.#tickedAtMs = now.uptimeMs;
  }

  /** Why a new epoch is due; `epochNowNs` is the vehicle's time in the present one. */
  poll(now: Instant, epochNowNs: bigint): "suspend" | "drift" | undefined {
    // Uptime counts suspend and timers do not, so after a sleep a tick comes late by it.
    const lateMs = now.uptimeMs - this.#tickedAtMs - epochWatchIntervalMs;
    this.#tickedAtMs = now.uptimeMs;
    if (lateMs > suspendJumpMs) return "suspend";
    const driftMs = Math.abs(Number(now.wallNs - epochNowNs)) / 1e6;
    if (driftMs <= clockDriftMsMax || now.uptimeMs - this.#driftedAtMs < driftEpochIntervalMs) return undefined;
    this.#driftedAtMs = now.uptimeMs;
    return "drift";
  }
}
