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

/** A lane may always have so much out: something must be under way to measure a rate at all. */
const budgetBytesMin = 64 * 1024;
/** And never more: both lanes together stay below the transport's send window of 10 MB. */
const budgetBytesMax = 4 * 1024 * 1024;
/** Weight of a new, lower rate; a higher one counts at once. */
const slowerWeight = 0.3;

ok(budgetBytesMax >= linkFrameBytesMax, "the largest frame fits into the largest budget");

interface LaneState {
  written: number;
  read: number;
  /** The last report, or the write that ended a pause. */
  measuredFromMs: number;
  bytesPerSecond: number;
  /** Whether the lane had used up its budget since the last report: only then a low rate says something. */
  exhausted: boolean;
}

/** The budget of one link, from its opening on. */
export class LaneBudget {
  readonly #lanes: Readonly<Record<TelemetryLane, LaneState>>;
  #rttMs = 0;

  constructor(now: Instant) {
    const fresh = (): LaneState => ({
      written: 0,
      read: 0,
      measuredFromMs: now.uptimeMs,
      bytesPerSecond: 0,
      exhausted: false,
    });
    this.#lanes = { live: fresh(), backfill: fresh() };
  }

  /** Bytes that may be written on the lane now; 0 or less: wait for the next ReadReport. A frame may overshoot once. */
  allowance(lane: TelemetryLane): number {
    const state = this.#lanes[lane];
    const horizonMs = laneBufferMs + readReportIntervalMs + this.#rttMs;
    const budget = Math.min(budgetBytesMax, Math.max(budgetBytesMin, state.bytesPerSecond * horizonMs / 1000));
    return Math.floor(budget) - (state.written - state.read);
  }

  /** Bytes per second that the relay was last seen to read while there was enough to read; 0 before that. */
  rate(lane: TelemetryLane): number {
    return this.#lanes[lane].bytesPerSecond;
  }

  /** Counts bytes handed to `Link.write`, headers included. */
  handleWrite(lane: TelemetryLane, bytes: number, now: Instant): void {
    const state = this.#lanes[lane];
    // A pause is no slowness: the rate is measured from here on.
    if (state.written === state.read) state.measuredFromMs = now.uptimeMs;
    state.written += bytes;
    if (this.allowance(lane) <= 0) state.exhausted = true;
  }

  /** Takes the payload of a ReadReport, and the present round trip. Throws `bad_message`. */
  handleReadReport(payload: Uint8Array, now: Instant, options: { rttMs?: number } = {}): void {
    const report = decodeMessage("readReport", payload);
    this.#rttMs = options.rttMs ?? this.#rttMs;
    learn(this.#lanes.live, Number(report.liveBytes), now);
    learn(this.#lanes.backfill, Number(report.backfillBytes), now);
  }
}

function learn(state: LaneState, reported: number, now: Instant): void {
  // A relay cannot have read what was not written, nor unread anything.
  const read = Math.min(state.written, Math.max(state.read, reported));
  const elapsedMs = now.uptimeMs - state.measuredFromMs;
  const measured = (read - state.read) / Math.max(elapsedMs, readReportIntervalMs) * 1000;
  if (measured > state.bytesPerSecond) state.bytesPerSecond = measured;
  else if (state.exhausted) state.bytesPerSecond += (measured - state.bytesPerSecond) * slowerWeight;
  state.read = read;
  state.measuredFromMs = now.uptimeMs;
  state.exhausted = false;
}
