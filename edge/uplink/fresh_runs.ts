/** Records of one epoch and class that are young enough for the live lane, with their age. Pure. */
import type { Range, Ranges } from "#proto/ranges.ts";
import { countOf, normalize, subtract } from "#proto/ranges.ts";
import { freshEntryMs, liveFreshMs } from "../limits.ts";

/** Contiguous records and the uptime at which the first of them became durable. */
export interface FreshRun extends Range {
  readonly sinceMs: number;
}

/** At most `liveFreshMs / freshEntryMs` entries and those that were given back, sorted by seq, disjoint. */
export class FreshRuns {
  #runs: FreshRun[] = [];

  /** All of them as ranges. */
  get ranges(): Ranges {
    return normalize(this.#runs);
  }

  get count(): number {
    return countOf(this.#runs);
  }

  /** Entries: what this takes in memory. */
  get entries(): number {
    return this.#runs.length;
  }

  /** Uptime at which {@link expire} has something; undefined when it never will. */
  get expiresAtMs(): number | undefined {
    const oldestMs = this.#runs.reduce((oldest, run) => Math.min(oldest, run.sinceMs), Infinity);
    return oldestMs === Infinity ? undefined : oldestMs + liveFreshMs;
  }

  /** Adds records that are newer than all others. */
  add(range: Range, nowMs: number): void {
    const newest = this.#runs.at(-1);
    if (newest !== undefined && newest.last + 1 === range.first && nowMs - newest.sinceMs < freshEntryMs) {
      this.#runs[this.#runs.length - 1] = { ...newest, last: range.last };
    } else this.#runs.push({ first: range.first, last: range.last, sinceMs: nowMs });
  }

  /** The newest contiguous records, at most `countMax`; they stay until {@link forget}. */
  newest(countMax: number): FreshRun | undefined {
    const newest = this.#runs.at(-1);
    if (newest === undefined) return undefined;
    let { first, sinceMs } = newest;
    for (let i = this.#runs.length - 2; i >= 0 && this.#runs[i].last + 1 === first; i--) {
      if (newest.last - first + 1 >= countMax) break;
      ({ first, sinceMs } = this.#runs[i]);
    }
    return { first: Math.max(first, newest.last - countMax + 1), last: newest.last, sinceMs };
  }

  /** Takes back records that were not sent after all. */
  giveBack(run: FreshRun): void {
    this.#runs.push(run);
    this.#runs.sort((a, b) => a.first - b.first);
  }

  /** Removes what is too old and returns it. */
  expire(nowMs: number): Ranges {
    if (this.#runs.length === 0) return [];
    const old = this.#runs.filter((run) => run.sinceMs + liveFreshMs <= nowMs);
    if (old.length > 0) this.#runs = this.#runs.filter((run) => run.sinceMs + liveFreshMs > nowMs);
    return normalize(old);
  }

  /** Removes these records where they are here. */
  forget(ranges: Ranges): void {
    this.#runs = this.#runs.flatMap((run) =>
      subtract([run], ranges).map((part) => ({ ...part, sinceMs: run.sinceMs }))
    );
  }
}
