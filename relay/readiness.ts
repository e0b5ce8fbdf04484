/**
 * Whether the node can hand telemetry on, judged end to end: the log itself must have answered lately.
 *
 *     starting -- a probe succeeds --> ready
 *     ready -- no success of a probe for 10 s, or messages open and none placed for 10 s --> not ready
 *     not ready -- a probe succeeds, and a write was placed or none was tried for 10 s --> ready
 */
import { stallMs } from "./limits.ts";

/** Times are uptime in ms. */
export class Readiness {
  #probedAtMs = -Infinity;
  /** Since when writes have been waiting without a single one being placed. */
  #waitingSinceMs: number | undefined;
  #stalledUntilMs = -Infinity;

  /** The log answered a probe. */
  handleProbed(nowMs: number): void {
    this.#probedAtMs = nowMs;
  }

  /** A message went out; tell every attempt. */
  handlePublished(nowMs: number): void {
    this.#waitingSinceMs ??= nowMs;
    if (nowMs - this.#waitingSinceMs >= stallMs) this.#stalledUntilMs = nowMs + stallMs;
  }

  /** The log holds a message; `open` are the ones still without an answer. */
  handlePlaced(open: number, nowMs: number): void {
    this.#waitingSinceMs = open > 0 ? nowMs : undefined;
    this.#stalledUntilMs = -Infinity;
  }

  /** Nothing waits any more although nothing was placed: all of it was given up. */
  handleGivenUp(nowMs: number): void {
    this.#waitingSinceMs = undefined;
    this.#stalledUntilMs = nowMs + stallMs;
  }

  /** Why the node is not ready; undefined when it is. */
  reasonAgainst(nowMs: number): string | undefined {
    if (nowMs - this.#probedAtMs >= stallMs) return "the log does not answer";
    const waitedMs = this.#waitingSinceMs === undefined ? 0 : nowMs - this.#waitingSinceMs;
    if (waitedMs >= stallMs || nowMs < this.#stalledUntilMs) return "the log does not take telemetry";
    return undefined;
  }
}
