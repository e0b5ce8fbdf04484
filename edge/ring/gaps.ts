/** Lost ranges that no gap record names yet, joined where they touch, so that a failing disk does not pile them up. */
import { none, type Ranges, union } from "#proto/ranges.ts";
import type { Gap } from "./own_frames.ts";

/** A set of gaps. */
export class UnnamedGaps {
  readonly #gaps = new Map<string, Omit<Gap, "range"> & { ranges: Ranges }>();

  add(gap: Gap): void {
    const { epoch, class: className, cause, range } = gap;
    const key = `${epoch} ${className} ${cause}`;
    const ranges = union(this.#gaps.get(key)?.ranges ?? none, [range]);
    this.#gaps.set(key, { epoch, class: className, cause, ranges });
  }

  get isEmpty(): boolean {
    return this.#gaps.size === 0;
  }

  /** Takes all of them out. */
  take(): Gap[] {
    const gaps = [...this.#gaps.values()].flatMap(({ ranges, ...gap }) => ranges.map((range) => ({ ...gap, range })));
    this.#gaps.clear();
    return gaps;
  }
}
