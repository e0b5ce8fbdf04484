/** What an agent tells about itself: a snapshot for status pages, health checks and metrics. */
import type { CertificateStatus } from "#proto/base/credential_desk.ts";
import type { Class } from "#proto/class.ts";
import type { Epoch, VehicleId } from "#proto/ids.ts";
import type { RingStats } from "./ring/ring.ts";
import type { LinkStatus, WindowStatus } from "./uplink/status.ts";

/** Records of one epoch and class that have no known verdict yet. */
export interface Unsettled {
  readonly epoch: Epoch;
  readonly class: Class;
  /** The lowest such seq: all below are settled. */
  readonly first: number;
  readonly records: number;
}

/** Counts of records that were on board and will never be in the store. */
export interface GoneRecords {
  /** Overwritten, damaged, or buffered and never durable, before a verdict; gap records name them. */
  readonly lost: number;
  /** Put aside by the cloud, with the reason. */
  readonly quarantined: number;
}

/** Commands in figures. */
export interface CommandStatus {
  /** Name of the software that is attached. */
  readonly software: string | undefined;
  /** Commands that wait for software, and that it has begun. */
  readonly waiting: number;
  readonly running: number;
  /** Whether a stop is in force. */
  readonly stopped: boolean;
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
  /** Per epoch and class that has records without a known verdict: the lowest such seq, and how many. Empty: the cloud has all. */
  readonly unsettled: readonly Unsettled[];
  readonly window: { readonly live: WindowStatus; readonly backfill: WindowStatus };
  /** Wall clock in ms since 1970 at which the last of each kind came; undefined before the first. */
  readonly lastAcks: { readonly receivedAtMs: number | undefined; readonly verdictAtMs: number | undefined };
  /** Records since this start of the agent that will never be in the store. */
  readonly gone: GoneRecords;
  /** The certificate that the next login uses; undefined when nobody looks after it. */
  readonly certificate: CertificateStatus | undefined;
  /** Who takes commands, and whether the vehicle is stopped; undefined where none are taken. */
  readonly commands: CommandStatus | undefined;
  /** The present epoch's fixed clock offset; undefined while it is not fixed. */
  readonly clockOffsetNs: bigint | undefined;
}
