/**
 * How much one commit takes: as many bytes as the store has lately worked through in {@link commitTargetMs}. A commit of
 * narrow rows takes a hundred times what one of wide rows takes for the same bytes, and what comes live waits until the
 * commit before it is done.
 */
import { commitTargetMs, groupBytesMax, groupBytesMin } from "./limits.ts";

/** Part of the old size that a new one keeps: one slow sync must not make commits small. */
const inertia = 0.5;

/** See the head of this file. */
export class CommitPace {
  #bytesMax = groupBytesMax;

  /** Bytes of messages that the next commit takes at most. */
  get bytesMax(): number {
    return Math.floor(this.#bytesMax);
  }

  /** Takes note of a commit. A small one that was quick tells nothing of large ones: its cost is mostly fixed. */
  note(bytes: number, tookMs: number): void {
    if (tookMs <= commitTargetMs && bytes < this.#bytesMax / 2) return;
    const fitting = bytes * commitTargetMs / Math.max(tookMs, 1);
    const next = inertia * this.#bytesMax + (1 - inertia) * fitting;
    this.#bytesMax = Math.min(groupBytesMax, Math.max(groupBytesMin, next));
  }
}
