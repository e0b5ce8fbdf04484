/**
 * Records of one epoch and class that lie in the log and have no verdict yet, with their places there. Pure.
 *
 * A place says when a missing verdict means something: once the owner has passed it (protocol.md section 4.7). Places are
 * kept per batch for the newest batches; older batches share the highest of theirs, so that an outage of the ingest
 * costs no memory and at worst delays a repeat.
 */
import type { TelemetryLane } from "#proto/class.ts";
import { intersect, none, normalize, type Range, type Ranges, subtract, union } from "#proto/ranges.ts";
import { receivedGroupsMax } from "../limits.ts";

/** Positions in the log per lane; 0: none. */
export interface LogPlaces {
  readonly live: number;
  readonly backfill: number;
}

interface Group {
  readonly ranges: Ranges;
  readonly places: LogPlaces;
  /** Received over an earlier link than the present one. */
  readonly old: boolean;
}

/** In the order in which they were received. */
export class ReceivedGroups {
  #groups: Group[] = [];

  /** All of them. */
  get ranges(): Ranges {
    return normalize(this.#groups.flatMap((group) => group.ranges));
  }

  /** Ranges in all groups: what this takes in memory. */
  get entries(): number {
    return this.#groups.reduce((sum, group) => sum + group.ranges.length, 0);
  }

  /** Adds records of one batch. */
  add(ranges: Ranges, at: { lane: TelemetryLane; place: number }): void {
    if (ranges.length === 0) return;
    const places = { live: 0, backfill: 0, [at.lane]: at.place };
    this.#groups.push({ ranges, places, old: false });
    if (this.#groups.length > receivedGroupsMax) this.#groups.splice(0, 2, merged(this.#groups[0], this.#groups[1]));
  }

  /** A new link: what is here was received over an earlier one. */
  handleWelcome(): void {
    this.#groups = this.#groups.map((group) => ({ ...group, old: true }));
  }

  /** Removes these records where they are here; returns what was. */
  forget(ranges: Ranges): Ranges {
    return this.#take((group) => intersect(group.ranges, ranges));
  }

  /** Removes and returns everything whose place the owner has passed. */
  takePassed(passed: LogPlaces): Ranges {
    return this.#take((group) => isPassed(group, passed) ? group.ranges : none);
  }

  /**
   * Removes and returns what an earlier link brought and a ledger that was asked for it does not know, unless its place
   * is still ahead of the owner. Without word of the owner's place nothing is known to be ahead.
   */
  takeUnknown(listed: Ranges, passed: LogPlaces | undefined): Ranges {
    return this.#take((group) => {
      const due = group.old && (passed === undefined || isPassed(group, passed));
      return due ? intersect(group.ranges, listed) : none;
    });
  }

  #take(choose: (group: Group) => Ranges): Ranges {
    let taken = none;
    const kept: Group[] = [];
    for (const group of this.#groups) {
      const chosen = choose(group);
      taken = union(taken, chosen);
      const ranges = subtract(group.ranges, chosen);
      if (ranges.length > 0) kept.push(ranges === group.ranges ? group : { ...group, ranges });
    }
    this.#groups = kept;
    return taken;
  }
}

/** Whether a group lies wholly behind the owner. */
function isPassed({ places }: Group, passed: LogPlaces): boolean {
  return places.live <= passed.live && places.backfill <= passed.backfill;
}

function merged(a: Group, b: Group): Group {
  return {
    ranges: union(a.ranges, b.ranges),
    places: { live: Math.max(a.places.live, b.places.live), backfill: Math.max(a.places.backfill, b.places.backfill) },
    old: a.old && b.old,
  };
}

/** One range as a set. */
export function rangesOf(range: Range): Ranges {
  return [{ first: range.first, last: range.last }];
}
