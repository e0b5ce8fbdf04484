/** Heartbeats: is the peer alive, how far is it, how does its clock differ. Source: protocol.md sections 3 and 4. */
import type { Instant } from "./instant.ts";

/** Settings of a {@link Heartbeat}. */
export interface HeartbeatOptions {
  /** Between two pings; `heartbeatIntervalMs` by default, or what Welcome says. */
  readonly intervalMs?: number;
  /** Silence after which the peer is dead; `linkDeadMs` by default. */
  readonly deadMs?: number;
}

/** What to do next. */
export type HeartbeatStep =
  /** Write these bytes (a Ping frame) on the control lane, then poll again. */
  | { readonly kind: "send"; readonly bytes: Uint8Array }
  /** The peer was silent for too long: close with `link_dead`. */
  | { readonly kind: "dead" }
  /** Poll again at this uptime at the latest. */
  | { readonly kind: "wait"; readonly untilMs: number };

/** Either end's heartbeat on one link, from login on. The first ping is due at once. */
export class Heartbeat {
  constructor(_now: Instant, _options: HeartbeatOptions = {}) {
    throw new Error("to be written");
  }

  /** Smoothed round trip (RFC 6298 weights) in milliseconds; undefined before the first Pong. */
  get rttMs(): number | undefined {
    throw new Error("to be written");
  }

  /** Nanoseconds to add to this side's wall clock to get the peer's, from the quickest of the last 8 round trips. */
  get clockOffsetNs(): bigint | undefined {
    throw new Error("to be written");
  }

  /** What the relay's last Ping said: whether the node can hand telemetry on; undefined before the first. */
  get peerReady(): boolean | undefined {
    throw new Error("to be written");
  }

  /** `ready` goes into a due Ping; only the relay's means anything. */
  poll(_now: Instant, _options: { ready?: boolean } = {}): HeartbeatStep {
    throw new Error("to be written");
  }

  /** Anything that came from the peer shows that it lives. Cheap: call it per read. */
  handleBytes(_now: Instant): void {
    throw new Error("to be written");
  }

  /** Answers the payload of a Ping with a Pong frame for the control lane. Throws `bad_message`. */
  handlePing(_payload: Uint8Array, _now: Instant): Uint8Array {
    throw new Error("to be written");
  }

  /** Learns from the payload of a Pong; one that answers no open Ping is ignored. Throws `bad_message`. */
  handlePong(_payload: Uint8Array, _now: Instant): void {
    throw new Error("to be written");
  }
}
