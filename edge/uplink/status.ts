/** What the uplink tells about itself: snapshots for status pages and health checks. */
import type { Code } from "#proto/errors.ts";
import type { Transport } from "#proto/ports.ts";

/** Where the uplink stands. */
export type LinkState =
  /** Logged in; telemetry flows. */
  | "linked"
  /** Dialling or logging in. */
  | "connecting"
  /** Waiting before the next attempt; the reason says why the last one ended. */
  | "waiting"
  /** The agent is stopping or has stopped. */
  | "stopped";

/** The link in figures. */
export interface LinkStatus {
  readonly state: LinkState;
  /** Why there is no link, or why the last one ended; undefined when it is linked or nothing went wrong yet. */
  readonly reason: Code | undefined;
  /** The reason in words, for people; empty when there is none. */
  readonly detail: string;
  /** Node name of the relay that is linked or was tried last. */
  readonly node: string | undefined;
  /** The relay's own name, while linked. */
  readonly relay: string | undefined;
  /** What the link runs on, while linked: TCP where UDP does not get through. */
  readonly transport: Transport | undefined;
  /** Whether the relay can hand telemetry on, while linked. */
  readonly ready: boolean | undefined;
  readonly rttMs: number | undefined;
  /** Nanoseconds to add to the vehicle's wall clock to get the relay's. */
  readonly clockOffsetNs: bigint | undefined;
  /** Uptime in ms at which the present link logged in. */
  readonly linkedAtMs: number | undefined;
}

/** Of an uplink that is not there yet: it is about to dial. */
export const unopened: LinkStatus = {
  state: "connecting",
  reason: undefined,
  detail: "",
  node: undefined,
  relay: undefined,
  transport: undefined,
  ready: undefined,
  rttMs: undefined,
  clockOffsetNs: undefined,
  linkedAtMs: undefined,
};

/** One lane's window: bytes sent and not yet received. `bytesMax` is 0 while there is no link. */
export interface WindowStatus {
  readonly bytesUsed: number;
  readonly bytesMax: number;
}
