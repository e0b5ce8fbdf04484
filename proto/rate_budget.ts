/**
 * How many bytes one sender may have under way: what the receiver takes, at the measured rate, within a horizon. As long
 * as the way is not the bottleneck that is more than what made the rate, so the budget grows; when it is, what waits in
 * buffers on the way is bounded by the horizon. Pure. Source: protocol.md section 2.
 */
import { readReportIntervalMs } from "./limits.ts";

/** Weight of a new, lower rate; a higher one counts at once. */
const slowerWeight = 0.3;

/** Bounds of a budget. */
export interface RateBounds {
  /** So much may always be under way: something must be to measure a rate at all. */
  readonly bytesMin: number;
  readonly bytesMax: number;
}

/** The budget of one sender, whose counts of bytes only rise. Times are uptime in ms. */
export class RateBudget {
  readonly #bounds: RateBounds;
  #written = 0;
  #read = 0;
  #bytesPerSecond = 0;
  /** Where the present measurement began. */
  #fromMs: number;
  #fromRead = 0;
  /** Whether the budget was used up since then: only then a low rate says something. */
  #exhausted = false;

  constructor(bounds: RateBounds, nowMs: number) {
    this.#bounds = bounds;
    this.#fromMs = nowMs;
  }

  /** Bytes per second that the receiver was last seen to take while there was enough; 0 before that. */
  get rate(): number {
    return this.#bytesPerSecond;
  }

  /** Bytes written in all. */
  get written(): number {
    return this.#written;
  }

  /** Bytes written and not yet taken. */
  get outstanding(): number {
    return this.#written - this.#read;
  }

  /** Bytes that may be written now; 0 or less: wait until more is read. */
  allowance(horizonMs: number): number {
    const { bytesMin, bytesMax } = this.#bounds;
    const budget = Math.min(bytesMax, Math.max(bytesMin, this.#bytesPerSecond * horizonMs / 1000));
    return Math.floor(budget) - this.outstanding;
  }

  /** Counts bytes that were written. */
  handleWrite(bytes: number, { nowMs, horizonMs }: { nowMs: number; horizonMs: number }): void {
    // A pause is no slowness: the rate is measured from here on.
    if (this.#written === this.#read) this.#begin(nowMs);
    this.#written += bytes;
    if (this.allowance(horizonMs) <= 0) this.#exhausted = true;
  }

  /** The receiver has taken so many bytes since the beginning. */
  handleRead(total: number, nowMs: number): void {
    // It cannot have taken what was not written, nor put anything back.
    this.#read = Math.min(this.#written, Math.max(this.#read, total));
    const elapsedMs = nowMs - this.#fromMs;
    const measured = (this.#read - this.#fromRead) / Math.max(elapsedMs, readReportIntervalMs) * 1000;
    const isWhole = elapsedMs >= readReportIntervalMs;
    if (measured > this.#bytesPerSecond) this.#bytesPerSecond = measured;
    else if (isWhole && this.#exhausted) this.#bytesPerSecond += (measured - this.#bytesPerSecond) * slowerWeight;
    if (isWhole) this.#begin(nowMs);
  }

  #begin(nowMs: number): void {
    this.#fromMs = nowMs;
    this.#fromRead = this.#read;
    this.#exhausted = false;
  }
}
