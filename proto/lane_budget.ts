/**
 * How many bytes the vehicle may put into the transport per telemetry lane, so that a stop never waits behind bulk and
 * live data does not go stale in a buffer. Source: protocol.md section 2.
 */
import type { TelemetryLane } from "./class.ts";
import type { Instant } from "./instant.ts";

/** The budget of one link, from its opening on. */
export class LaneBudget {
  constructor(_now: Instant) {
    throw new Error("to be written");
  }

  /** Bytes that may be written on the lane now; 0 or less: wait for the next ReadReport. A frame may overshoot once. */
  allowance(_lane: TelemetryLane): number {
    throw new Error("to be written");
  }

  /** Bytes per second that the relay was last seen to read. */
  rate(_lane: TelemetryLane): number {
    throw new Error("to be written");
  }

  /** Counts bytes handed to `Link.write`, headers included. */
  handleWrite(_lane: TelemetryLane, _bytes: number): void {
    throw new Error("to be written");
  }

  /** Takes the payload of a ReadReport, and the present round trip. Throws `bad_message`. */
  handleReadReport(_payload: Uint8Array, _now: Instant, _options: { rttMs?: number } = {}): void {
    throw new Error("to be written");
  }
}

/** The relay's end: counts what was read, and says when a report is due. */
export class ReadCounter {
  /** Counts bytes read from a lane, headers included, without the transport's own opening frame. */
  handleRead(_lane: TelemetryLane, _bytes: number): void {
    throw new Error("to be written");
  }

  /** The ReadReport frame when something new was read and the last report is old enough; else when to ask again. */
  poll(_now: Instant): { bytes: Uint8Array } | { untilMs: number } | undefined {
    throw new Error("to be written");
  }
}
