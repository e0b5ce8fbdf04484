/**
 * The agent: frames in, records in the ring, batches to the relay, verdicts back. Composes ring, outbox and uplink, and
 * holds no rule of its own.
 */
import type { Class } from "#proto/class.ts";
import type { Epoch, VehicleId } from "#proto/ids.ts";
import type { NewFrame, Place, RingStats } from "./ring/ring.ts";
import type { LinkStatus, WindowStatus } from "./uplink/status.ts";

/** Records of one epoch and class that have no known verdict yet. */
export interface Unsettled {
  readonly epoch: Epoch;
  readonly class: Class;
  /** The lowest such seq: all below are settled. */
  readonly first: number;
  readonly records: number;
}

/** A snapshot of the agent. */
export interface AgentStatus {
  readonly vehicleId: VehicleId;
  readonly agentVersion: string;
  /** Random id of this start of the agent, 32 hex digits. */
  readonly boot: string;
  readonly epoch: Epoch;
  readonly link: LinkStatus;
  readonly ring: RingStats & {
    /** 0 to 1: bytes that cannot be reclaimed, of `bytesMax`. */
    readonly fill: number;
    /** Hours that the ring can still take at the present rate; undefined while nothing comes. */
    readonly hoursOfCover: number | undefined;
  };
  /** Records on board that the relay has not received yet; bytes are estimated from what went before. */
  readonly backlog: { readonly records: number; readonly bytes: number };
  /** Per epoch and class that has records without a known verdict: the lowest such seq, and how many there are. */
  readonly unsettled: readonly Unsettled[];
  readonly window: { readonly live: WindowStatus; readonly backfill: WindowStatus };
  /** Wall clock in ms since 1970 at which the last of each kind came; undefined before the first. */
  readonly lastAcks: { readonly receivedAtMs: number | undefined; readonly verdictAtMs: number | undefined };
  /** The present epoch's fixed clock offset; undefined while it is not fixed. */
  readonly clockOffsetNs: bigint | undefined;
}

/** A running agent. */
export interface Agent {
  /**
   * Makes frames durable and resolves then; the uplink takes them from there. Rejects as {@link Ring.append} does, and
   * with `unavailable` once the agent stops.
   */
  take(className: Class, frames: readonly NewFrame[]): Promise<Place>;
  /** The agent's time in the present epoch, nanoseconds since 1970: the ts of frames that bring none. */
  nowNs(): bigint;
  status(): AgentStatus;
  /** Takes no more frames, sends what it can in the time allowed, says goodbye, closes the ring. */
  stop(): Promise<void>;
}
