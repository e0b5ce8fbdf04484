/**
 * The sending half of a transport that carries all lanes in one stream: which lane's bytes go next, and how many. Pure.
 * Source: protocol.md section 2.
 *
 * The highest lane that has something goes first. Two bounds hold it back: what the receiver is ready to keep of the lane,
 * and what may be under way in all, which is kept near what the way carries in `laneBufferMs`. For once bytes are on the
 * way nothing overtakes them. Commands are few and go in spite of the second bound.
 */
import { ok } from "node:assert/strict";
import type { Lane } from "../class.ts";
import { Fault } from "../errors.ts";
import { encodeFrame, frameKinds } from "../frame.ts";
import {
  arrivalBytes,
  laneBufferMs,
  laneWaitingBytesMax,
  laneWindowBytes,
  linkFrameBytesMaxBeforeLogin,
  linkHeaderBytes,
  transitBytesMax,
  transitBytesMin,
} from "../limits.ts";
import { RateBudget } from "../rate_budget.ts";
import type { Flow } from "./wire.ts";

/** The order in which lanes are served. */
const lanesByUrgency: readonly Lane[] = ["command", "control", "live", "backfill"];
/** A lane's bytes in one frame. */
const pieceBytesMax = linkFrameBytesMaxBeforeLogin - linkHeaderBytes;

/** Bytes to be sent. */
export interface Written {
  /** Must not change afterwards. */
  readonly bytes: Uint8Array;
  /** Called when all of it is on its way. */
  readonly onTaken: () => void;
}

interface Waiting extends Written {
  /** What is left of it. */
  bytes: Uint8Array;
}

interface LaneState {
  readonly waiting: Waiting[];
  waitingBytes: number;
  sent: number;
  limit: number;
}

/** Of a vehicle or a relay, whose lanes to the other end differ. Times are uptime in ms. */
export class LaneSender {
  readonly #lanes: ReadonlyMap<Lane, LaneState>;
  readonly #transit: RateBudget;
  /** A piece whose arrival tells the round trip. */
  #probe: { readonly total: number; readonly sentMs: number } | undefined;
  /** The shortest seen: what a piece waited in buffers, which our own bytes fill, is no reason to have more under way. */
  #rttMs: number | undefined;

  constructor(lanes: readonly Lane[], nowMs: number) {
    const fresh = (): LaneState => ({ waiting: [], waitingBytes: 0, sent: 0, limit: laneWindowBytes });
    this.#lanes = new Map(lanes.map((lane) => [lane, fresh()]));
    this.#transit = new RateBudget({ bytesMin: transitBytesMin, bytesMax: transitBytesMax }, nowMs);
  }

  /** Whether nothing waits. */
  get isDrained(): boolean {
    for (const { waitingBytes } of this.#lanes.values()) if (waitingBytes > 0) return false;
    return true;
  }

  /** Queues bytes. Throws `link_dead` when too many wait already. */
  write(lane: Lane, { bytes, onTaken }: Written): void {
    const state = this.#lanes.get(lane);
    ok(state !== undefined, `lane "${lane}" can be written from this end`);
    if (state.waitingBytes + bytes.byteLength > laneWaitingBytesMax) {
      const limit = `${laneWaitingBytesMax} bytes wait already`;
      throw new Fault("link_dead", `Cannot write to link: the peer does not read, ${limit}`);
    }
    if (bytes.byteLength === 0) return onTaken();
    state.waiting.push({ bytes, onTaken });
    state.waitingBytes += bytes.byteLength;
  }

  /** The receiver's word on what came and what may come. */
  handleFlow({ arrived, limits }: Flow, nowMs: number): void {
    for (const [lane, state] of this.#lanes) state.limit = Math.max(state.limit, limits[lane]);
    this.#transit.handleRead(arrived, nowMs);
    if (this.#probe === undefined || arrived < this.#probe.total) return;
    this.#rttMs = Math.min(this.#rttMs ?? Infinity, nowMs - this.#probe.sentMs);
    this.#probe = undefined;
  }

  /** The next frame to send; undefined: wait for a write or for {@link handleFlow}. */
  poll(nowMs: number): Uint8Array | undefined {
    for (const lane of lanesByUrgency) {
      const state = this.#lanes.get(lane);
      const bytes = state === undefined ? 0 : this.#sendable(lane, state);
      if (state === undefined || bytes <= 0) continue;
      const payload = takePiece(state, bytes);
      this.#handleSent(bytes, nowMs);
      return encodeFrame(frameKinds.piece, { lane, payload });
    }
    return undefined;
  }

  #sendable(lane: Lane, { waitingBytes, sent, limit }: LaneState): number {
    const bytes = Math.min(waitingBytes, limit - sent, pieceBytesMax);
    if (lane === "command") return bytes;
    const allowance = this.#transit.allowance(this.#horizonMs);
    // Not in crumbs: a piece may overshoot a little.
    return allowance <= 0 ? 0 : Math.min(bytes, Math.max(allowance, arrivalBytes));
  }

  #handleSent(bytes: number, nowMs: number): void {
    this.#transit.handleWrite(bytes, { nowMs, horizonMs: this.#horizonMs });
    // The arrival of less is not told at once.
    if (bytes >= arrivalBytes) this.#probe ??= { total: this.#transit.written, sentMs: nowMs };
  }

  get #horizonMs(): number {
    return laneBufferMs + (this.#rttMs ?? 0);
  }
}

/** Takes that many of the bytes that wait on a lane. */
function takePiece(state: LaneState, bytes: number): Uint8Array {
  const piece = new Uint8Array(bytes);
  let taken = 0;
  while (taken < bytes) {
    const first = state.waiting[0];
    const part = first.bytes.subarray(0, bytes - taken);
    piece.set(part, taken);
    taken += part.byteLength;
    if (part.byteLength < first.bytes.byteLength) {
      first.bytes = first.bytes.subarray(part.byteLength);
    } else {
      state.waiting.shift();
      first.onTaken();
    }
  }
  state.waitingBytes -= bytes;
  state.sent += bytes;
  return piece;
}
