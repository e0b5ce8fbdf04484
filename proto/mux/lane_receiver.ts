/**
 * The receiving half of a transport that carries all lanes in one stream: keeps what came on each lane until it is read,
 * and says how much more may come. Pure. Source: protocol.md section 2.
 *
 * A lane's window is small at first and doubles as long as the lane is read as fast as it comes, so that neither a
 * stranger nor a vehicle whose data nobody takes on pins much memory.
 */
import { ok } from "node:assert/strict";
import type { Lane } from "../class.ts";
import { lanes } from "../class.ts";
import { Fault } from "../errors.ts";
import { arrivalBytes, laneWindowBytes, laneWindowBytesMax } from "../limits.ts";
import { ByteQueue } from "./byte_queue.ts";
import type { Flow } from "./wire.ts";

interface LaneState {
  readonly queue: ByteQueue;
  arrived: number;
  window: number;
  limit: number;
}

/** Of a vehicle or a relay, whose lanes from the other end differ. */
export class LaneReceiver {
  readonly #lanes: ReadonlyMap<Lane, LaneState>;
  #arrived = 0;
  #saidArrived = 0;
  #isLimitNews = false;

  constructor(lanes: readonly Lane[]) {
    const fresh = (): LaneState => ({
      queue: new ByteQueue(),
      arrived: 0,
      window: laneWindowBytes,
      limit: laneWindowBytes,
    });
    this.#lanes = new Map(lanes.map((lane) => [lane, fresh()]));
  }

  /** Takes a piece's payload; throws `unexpected_frame` for one that may not come. */
  handlePiece(lane: Lane, bytes: Uint8Array): void {
    const state = this.#lanes.get(lane);
    if (state === undefined || bytes.byteLength === 0) {
      throw new Fault("unexpected_frame", `Cannot take piece of ${bytes.byteLength} bytes for lane "${lane}"`);
    }
    state.arrived += bytes.byteLength;
    this.#arrived += bytes.byteLength;
    if (state.arrived > state.limit) {
      const found = `${state.arrived} came, ${state.limit} may`;
      throw new Fault("unexpected_frame", `Cannot take bytes of lane "${lane}": ${found}`);
    }
    state.queue.push(bytes);
  }

  /** Bytes that wait to be read on a lane. */
  waiting(lane: Lane): number {
    return this.#stateOf(lane).queue.length;
  }

  /** Fills `into` as far as there is something; returns how many bytes. */
  read(lane: Lane, into: Uint8Array): number {
    const state = this.#stateOf(lane);
    const count = state.queue.take(into);
    const read = state.arrived - state.queue.length;
    // Said before the sender has used up what it may, and not for every crumb.
    if (state.limit - read > state.window * 3 / 4) return count;
    const isReadAsItComes = state.queue.length < state.window / 4;
    if (isReadAsItComes) state.window = Math.min(laneWindowBytesMax, state.window * 2);
    state.limit = read + state.window;
    this.#isLimitNews = true;
    return count;
  }

  /** What the sender is to be told now, if anything. */
  pollFlow(): Flow | undefined {
    if (!this.#isLimitNews && this.#arrived - this.#saidArrived < arrivalBytes) return undefined;
    this.#isLimitNews = false;
    this.#saidArrived = this.#arrived;
    const limits = Object.fromEntries(lanes.map((lane) => [lane, this.#lanes.get(lane)?.limit ?? 0]));
    return { arrived: this.#arrived, limits: limits as Record<Lane, number> };
  }

  /** Throws away what nobody will read. */
  clear(): void {
    for (const { queue } of this.#lanes.values()) queue.clear();
  }

  #stateOf(lane: Lane): LaneState {
    const state = this.#lanes.get(lane);
    ok(state !== undefined, `lane "${lane}" can be read from this end`);
    return state;
  }
}
