/**
 * Refused logins by claimed vehicle id and code, because "why does my vehicle not connect" is the first question an
 * operator asks. Bounded: strangers may claim any id, and the pair unused for longest is forgotten.
 */
import type { Code } from "#proto/errors.ts";
import type { VehicleId } from "#proto/ids.ts";
import { refusalPublishIntervalMs, refusalsMax, refusalsPublishedPerSecondMax } from "./limits.ts";

/** A login that was refused. */
export interface RefusedLogin {
  /** As claimed, of valid form; undefined when nothing was claimed or it was malformed. */
  readonly claimed: VehicleId | undefined;
  readonly code: Code;
  readonly detail: string;
}

/** What is remembered of one pair of id and code. */
export interface RefusalEntry extends RefusedLogin {
  readonly count: number;
  /** Uptime of the latest. */
  readonly atMs: number;
}

interface Kept extends RefusedLogin {
  count: number;
  atMs: number;
  publishedAtMs: number;
}

/** The table of one shard. Times are uptime in ms. */
export class Refusals {
  // In order of last use.
  readonly #kept = new Map<string, Kept>();
  readonly #totals = new Map<Code, number>();
  #secondStartedAtMs = -Infinity;
  #publishedThisSecond = 0;

  /** Counts a refusal and tells whether it is to be published and logged now or only counted. */
  handleRefused(refused: RefusedLogin, nowMs: number): "publish" | "count" {
    this.#totals.set(refused.code, (this.#totals.get(refused.code) ?? 0) + 1);
    const kept = this.#keep(refused, nowMs);
    const isDue = nowMs - kept.publishedAtMs >= refusalPublishIntervalMs;
    if (!isDue || !this.#takeFromSecond(nowMs)) return "count";
    kept.publishedAtMs = nowMs;
    return "publish";
  }

  /** How many logins were refused with each code, since the start. */
  totals(): ReadonlyMap<Code, number> {
    return this.#totals;
  }

  /** The remembered pairs, latest last. */
  entries(): RefusalEntry[] {
    return [...this.#kept.values()].map(({ claimed, code, detail, count, atMs }) => ({
      claimed,
      code,
      detail,
      count,
      atMs,
    }));
  }

  #keep(refused: RefusedLogin, nowMs: number): Kept {
    const key = `${refused.claimed ?? ""} ${refused.code}`;
    const old = this.#kept.get(key);
    const kept = {
      ...refused,
      count: (old?.count ?? 0) + 1,
      atMs: nowMs,
      publishedAtMs: old?.publishedAtMs ?? -Infinity,
    };
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    if (this.#kept.size > refusalsMax) {
      const [oldest] = this.#kept.keys();
      this.#kept.delete(oldest);
    }
    return kept;
  }

  #takeFromSecond(nowMs: number): boolean {
    if (nowMs - this.#secondStartedAtMs >= 1000) {
      this.#secondStartedAtMs = nowMs;
      this.#publishedThisSecond = 0;
    }
    this.#publishedThisSecond += 1;
    return this.#publishedThisSecond <= refusalsPublishedPerSecondMax;
  }
}
