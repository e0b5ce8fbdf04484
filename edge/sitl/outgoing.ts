/** Frames on their way to the agent: kept while it does not take them, the oldest given up when they become too many. */
import type { SimulatedFrame } from "./sensors.ts";

/** A minute and a half of frames. */
export const waitingFramesMax = 5_000;
/** Frames in one post. */
export const postFramesMax = 1_000;

/** The agent's answer to a post of many frames, as far as it matters here. */
export interface PostAnswer {
  /** One for each frame; an error's status of 500 or more means that the frame was good and may be sent again. */
  readonly results: readonly { readonly error?: { readonly status: number } }[];
}

/** See the head of this file. */
export class Outgoing {
  #frames: SimulatedFrame[] = [];
  /** Frames given up so far: too old, or refused for good. */
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

  /** Forgets what the agent took or will never take of the frames that {@link next} gave. */
  handleAnswer(posted: readonly SimulatedFrame[], { results }: PostAnswer): void {
    const statuses = new Map(posted.map((frame, at) => [frame, results[at]?.error?.status ?? 200]));
    const waiting = new Set(this.#frames);
    for (const [frame, status] of statuses) if (status >= 400 && status < 500 && waiting.has(frame)) this.dropped++;
    this.#frames = this.#frames.filter((frame) => (statuses.get(frame) ?? 500) >= 500);
  }
}
