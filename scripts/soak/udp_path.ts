/**
 * One direction of a poor network: decides for each datagram when it arrives, how often, or that it does not. Time and
 * chance are arguments, so the same seed and times give the same fates.
 *
 *     blocked? -> lost? -> waits for the rate -> delay + jitter, in order -> overtaken? -> twice?
 */
import type { Random } from "#proto/ports.ts";

/** What one direction does to datagrams. Parts are from 0 to 1. */
export interface PathConditions {
  /** Nothing passes, as where a firewall drops UDP. */
  readonly blocked: boolean;
  /** Part that is lost. */
  readonly loss: number;
  /** Part that arrives twice. */
  readonly duplication: number;
  /** Part that arrives {@link PathConditions.overtakenMs} later than it would, and lets later ones pass. */
  readonly reordering: number;
  readonly overtakenMs: number;
  /** One way. */
  readonly delayMs: number;
  /** At most so much comes on top of the delay, drawn anew each time; the order stays. */
  readonly jitterMs: number;
  readonly bytesPerSecond: number | undefined;
  /** Longest wait for the rate: what would wait longer is lost, as in the full buffer of a router. */
  readonly queueMsMax: number;
}

/** What became of the datagrams so far. Each is counted once, as the first of these that it was, `passed` if none. */
export interface PathCounts {
  passed: number;
  blocked: number;
  lost: number;
  overflowed: number;
}

/** A path that does nothing to datagrams. */
export const clearPath: PathConditions = {
  blocked: false,
  loss: 0,
  duplication: 0,
  reordering: 0,
  overtakenMs: 20,
  delayMs: 0,
  jitterMs: 0,
  bytesPerSecond: undefined,
  queueMsMax: 200,
};

/** See the head of this file. */
export class UdpPath {
  readonly counts: PathCounts = { passed: 0, blocked: 0, lost: 0, overflowed: 0 };
  readonly #random: Pick<Random, "fraction">;
  #conditions: PathConditions;
  /** When the rate has let through all that came. */
  #freeAtMs = -Infinity;
  /** When the latest datagram that keeps the order arrives. */
  #latestMs = -Infinity;

  constructor(random: Pick<Random, "fraction">, conditions: Partial<PathConditions> = {}) {
    this.#random = random;
    this.#conditions = { ...clearPath, ...conditions };
  }

  get conditions(): PathConditions {
    return this.#conditions;
  }

  /** Changes what is named, for datagrams that come from now on. */
  change(conditions: Partial<PathConditions>): void {
    this.#conditions = { ...this.#conditions, ...conditions };
  }

  /** When the copies of a datagram arrive; none when it is lost. */
  fateOf(bytes: number, nowMs: number): readonly number[] {
    const { loss, reordering, overtakenMs, duplication, delayMs, jitterMs } = this.#conditions;
    // As many draws for each, so that one condition does not change what another hits.
    const [lost, overtaken, doubled, jitter] = Array.from({ length: 4 }, () => this.#random.fraction());
    const cause = this.#conditions.blocked ? "blocked" : lost < loss ? "lost" : this.#overflows(nowMs);
    this.counts[cause ?? "passed"]++;
    if (cause !== undefined) return [];
    const earliestMs = this.#letThrough(bytes, nowMs) + delayMs + jitter * jitterMs;
    const inOrderMs = Math.max(earliestMs, this.#latestMs);
    if (overtaken >= reordering) this.#latestMs = inOrderMs;
    const arrivalMs = overtaken < reordering ? inOrderMs + overtakenMs : inOrderMs;
    return doubled < duplication ? [arrivalMs, arrivalMs] : [arrivalMs];
  }

  #overflows(nowMs: number): "overflowed" | undefined {
    const { bytesPerSecond, queueMsMax } = this.#conditions;
    return bytesPerSecond !== undefined && this.#freeAtMs - nowMs > queueMsMax ? "overflowed" : undefined;
  }

  /** When the rate has let a datagram through that comes now. */
  #letThrough(bytes: number, nowMs: number): number {
    const { bytesPerSecond } = this.#conditions;
    if (bytesPerSecond === undefined) return nowMs;
    this.#freeAtMs = Math.max(nowMs, this.#freeAtMs) + bytes * 1000 / bytesPerSecond;
    return this.#freeAtMs;
  }
}
