/** What an agent has taken, and how much of it has its verdict by the agent's own status. */
import type { StatusAnswer } from "./agent_api.ts";

/** Records without a verdict and those that will never be stored, as far as they may be ours. */
export interface Settlement {
  /** Unsettled records of the epochs and classes that something was posted into. */
  readonly open: number;
  /** Whether all of ours are settled: no unsettled seq is at or below the highest one that was answered. */
  readonly isSettled: boolean;
  /** Records that the agent lost or the cloud put aside meanwhile; others' are among them. */
  readonly gone: number;
}

/** See the head of this file. */
export class TakenFrames {
  /** Highest seq per epoch and class. */
  readonly #highest = new Map<string, number>();
  /** Per start of the agent: what was gone when it was first and last seen. */
  readonly #gone = new Map<string, { readonly first: number; last: number }>();
  #count = 0;

  /** Frames taken. */
  get count(): number {
    return this.#count;
  }

  handleTaken(place: { epoch: string; class: string; seq: number }): void {
    const key = keyOf(place);
    this.#highest.set(key, Math.max(this.#highest.get(key) ?? 0, place.seq));
    this.#count++;
  }

  handleStatus({ boot, unsettled, gone: { lost, quarantined } }: StatusAnswer): Settlement {
    const now = lost + quarantined;
    // What an agent that was started meanwhile lost, it lost meanwhile.
    const seen = this.#gone.get(boot) ?? { first: this.#gone.size === 0 ? now : 0, last: now };
    this.#gone.set(boot, { ...seen, last: now });
    const ours = unsettled.filter((line) => this.#highest.has(keyOf(line)));
    return {
      open: ours.reduce((sum, { records }) => sum + records, 0),
      isSettled: ours.every((line) => line.first > (this.#highest.get(keyOf(line)) ?? 0)),
      gone: [...this.#gone.values()].reduce((sum, { first, last }) => sum + last - first, 0),
    };
  }
}

function keyOf(line: { readonly epoch: string; readonly class: string }): string {
  return `${line.epoch} ${line.class}`;
}
