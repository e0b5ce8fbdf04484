/**
 * Heartbeats: is the peer alive, how far is it, how does its clock differ. Source: protocol.md sections 3 and 4; round
 * trip smoothed as RFC 6298 section 2 does, clock offset as RFC 5905 section 8 does, from the quickest of 8 round trips
 * (its clock filter), because a slow one was held up on one way or the other.
 *
 *     poll:  silent for deadMs -> dead;   ping due -> send;   else wait
 */
import type { Instant } from "./instant.ts";
import { heartbeatIntervalMs, linkDeadMs } from "./limits.ts";
import { decodeMessage, encodeMessage } from "./link_message.ts";

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

interface Sample {
  readonly rttMs: number;
  readonly offsetNs: bigint;
}

/** Round trips that the clock offset is chosen from. */
const samplesMax = 8;
/** Pings that may still be answered; with the default interval older ones are past the link's death. */
const openPingsMax = 8;

/** Either end's heartbeat on one link, from login on. The first ping is due at once. */
export class Heartbeat {
  readonly #intervalMs: number;
  readonly #deadMs: number;
  readonly #open = new Map<bigint, Instant>();
  #samples: readonly Sample[] = [];
  #nextId = 1n;
  #nextPingMs: number;
  #lastHeardMs: number;
  #rttMs: number | undefined;
  #peerReady: boolean | undefined;

  constructor(now: Instant, options: HeartbeatOptions = {}) {
    this.#intervalMs = options.intervalMs ?? heartbeatIntervalMs;
    this.#deadMs = options.deadMs ?? linkDeadMs;
    this.#nextPingMs = now.uptimeMs;
    this.#lastHeardMs = now.uptimeMs;
  }

  /** Smoothed round trip in milliseconds; undefined before the first Pong. */
  get rttMs(): number | undefined {
    return this.#rttMs;
  }

  /** Nanoseconds to add to this side's wall clock to get the peer's; undefined before the first Pong. */
  get clockOffsetNs(): bigint | undefined {
    if (this.#samples.length === 0) return undefined;
    return this.#samples.reduce((best, sample) => sample.rttMs < best.rttMs ? sample : best).offsetNs;
  }

  /** What the relay's last Ping said: whether the node can hand telemetry on; undefined before the first. */
  get peerReady(): boolean | undefined {
    return this.#peerReady;
  }

  /** `ready` goes into a due Ping; only the relay's means anything. */
  poll(now: Instant, options: { ready?: boolean } = {}): HeartbeatStep {
    if (now.uptimeMs - this.#lastHeardMs >= this.#deadMs) return { kind: "dead" };
    if (now.uptimeMs < this.#nextPingMs) {
      return { kind: "wait", untilMs: Math.min(this.#nextPingMs, this.#lastHeardMs + this.#deadMs) };
    }
    const id = this.#nextId++;
    this.#open.set(id, now);
    this.#open.delete(id - BigInt(openPingsMax));
    this.#nextPingMs = now.uptimeMs + this.#intervalMs;
    return { kind: "send", bytes: encodeMessage("ping", { id, sentAtNs: now.wallNs, ready: options.ready ?? false }) };
  }

  /** The next Ping is due at once. */
  hurry(): void {
    this.#nextPingMs = -Infinity;
  }

  /** Anything that came from the peer shows that it lives. Cheap: call it per read. */
  handleBytes(now: Instant): void {
    this.#lastHeardMs = now.uptimeMs;
  }

  /** Answers the payload of a Ping with a Pong frame for the control lane. Throws `bad_message`. */
  handlePing(payload: Uint8Array, now: Instant): Uint8Array {
    const { id, sentAtNs, ready } = decodeMessage("ping", payload);
    this.#lastHeardMs = now.uptimeMs;
    this.#peerReady = ready;
    return encodeMessage("pong", { id, sentAtNs, answeredAtNs: now.wallNs });
  }

  /** Learns from the payload of a Pong; one that answers no open Ping is ignored. Throws `bad_message`. */
  handlePong(payload: Uint8Array, now: Instant): void {
    const { id, answeredAtNs } = decodeMessage("pong", payload);
    this.#lastHeardMs = now.uptimeMs;
    // Own notes, not the peer's echo: what the peer says can shift the offset only, never the round trip.
    const sent = this.#open.get(id);
    if (sent === undefined) return;
    this.#open.delete(id);
    const rttMs = Math.max(0, now.uptimeMs - sent.uptimeMs);
    const halfNs = BigInt(Math.round(rttMs * 5e5));
    this.#samples = [...this.#samples, { rttMs, offsetNs: answeredAtNs - sent.wallNs - halfNs }].slice(-samplesMax);
    this.#rttMs = this.#rttMs === undefined ? rttMs : this.#rttMs + (rttMs - this.#rttMs) / 8;
  }
}
