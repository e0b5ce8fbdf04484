/**
 * How many bytes the vehicle may put into the transport per telemetry lane, so that a stop never waits behind bulk and
 * live data does not go stale in a buffer. Source: protocol.md section 2.
 *
 * The relay reports what it has read. What was written and not yet reported lies in the sender's buffer, on the way, or
 * in a report that is still coming. So a lane may have out what the peer reads, at the measured rate, in 200 ms (the
 * buffer) plus a round trip (the way) plus a report's interval. As long as the link is not the bottleneck that is more
 * than what made the rate, so the budget grows; when it is, the buffer holds at most the 200 ms and one interval.
 */
import { ok } from "node:assert/strict";
import type { TelemetryLane } from "./class.ts";
import type { Instant } from "./instant.ts";
import { laneBufferMs, linkFrameBytesMax, readReportIntervalMs } from "./limits.ts";
import { decodeMessage } from "./link_message.ts";
import { type RateBounds, RateBudget } from "./rate_budget.ts";

/** The most of both lanes together stays below the transport's send window of 10 MB. */
const bounds: RateBounds = { bytesMin: 64 * 1024, bytesMax: 4 * 1024 * 1024 };

ok(bounds.bytesMax >= linkFrameBytesMax, "the largest frame fits into the largest budget");

/** The budget of one link, from its opening on. */
export class LaneBudget {
  readonly #lanes: Readonly<Record<TelemetryLane, RateBudget>>;
  #rttMs = 0;

  constructor({ uptimeMs }: Instant) {
    this.#lanes = { live: new RateBudget(bounds, uptimeMs), backfill: new RateBudget(bounds, uptimeMs) };
  }

  /** Bytes that may be written on the lane now; 0 or less: wait for the next ReadReport. A frame may overshoot once. */
  allowance(lane: TelemetryLane): number {
    return this.#lanes[lane].allowance(this.#horizonMs);
  }

  /** Bytes per second that the relay was last seen to read while there was enough to read; 0 before that. */
  rate(lane: TelemetryLane): number {
    return this.#lanes[lane].rate;
  }

  /** Whether anything was written that no report has named yet. */
  get isAwaited(): boolean {
    return this.#lanes.live.outstanding > 0 || this.#lanes.backfill.outstanding > 0;
  }

  /** Counts bytes handed to `Link.write`, headers included. */
  handleWrite(lane: TelemetryLane, bytes: number, now: Instant): void {
    this.#lanes[lane].handleWrite(bytes, { nowMs: now.uptimeMs, horizonMs: this.#horizonMs });
  }

  /** Takes the payload of a ReadReport, and the present round trip. Throws `bad_message`. */
  handleReadReport(payload: Uint8Array, now: Instant, options: { rttMs?: number } = {}): void {
    const report = decodeMessage("readReport", payload);
    this.#rttMs = options.rttMs ?? this.#rttMs;
    this.#lanes.live.handleRead(Number(report.liveBytes), now.uptimeMs);
    this.#lanes.backfill.handleRead(Number(report.backfillBytes), now.uptimeMs);
  }

  get #horizonMs(): number {
    return laneBufferMs + readReportIntervalMs + this.#rttMs;
  }
}
