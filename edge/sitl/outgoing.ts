/** Frames on their way to the agent: kept while it is away, the oldest given up when they become too many. */
import type { SimulatedFrame } from "./sensors.ts";

/** A minute and a half of frames. */
export const waitingFramesMax = 5_000;
/** Frames in one post. */
export const postFramesMax = 1_000;

/** See the head of this file. */
export class Outgoing {
  #frames: SimulatedFrame[] = [];
  /** Frames given up so far. */
  dropped = 0;

  add(frames: readonly SimulatedFrame[]): void {
    this.#frames.push(...frames);
    const excess = this.#frames.length - waitingFramesMax;
    if (excess <= 0) return;
    this.#frames.splice(0, excess);
    this.dropped += excess;
  }

  get length(): number {
    return this.#frames.length;
  }

  /** The oldest frames, to be posted. */
  next(): readonly SimulatedFrame[] {
    return this.#frames.slice(0, postFramesMax);
  }

  /** Forgets frames that {@link next} gave and the agent took. */
  taken(frames: readonly SimulatedFrame[]): void {
    const known = new Set(frames);
    this.#frames = this.#frames.filter((frame) => !known.has(frame));
  }
}
