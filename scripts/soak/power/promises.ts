/** What a store has acknowledged, against what it shows after a cut. Pure. */

/** Adds up what was promised and finds what is missing or other than promised. */
export class Promises {
  /** By series (an epoch and class, a stream): position to content. */
  readonly #promised = new Map<string, Map<number, number>>();
  acknowledged = 0;
  /** Promised and found again, once per look. */
  found = 0;
  /** Given up in good order, and named. */
  named = 0;
  readonly lost: string[] = [];
  readonly wrong: string[] = [];

  /** Contents at successive positions were acknowledged. */
  acknowledge(series: string, { first, contents }: { first: number; contents: readonly number[] }): void {
    const positions = this.#promised.get(series) ?? new Map<number, number>();
    this.#promised.set(series, positions);
    contents.forEach((content, at) => positions.set(first + at, content));
    this.acknowledged += contents.length;
  }

  /** Positions that are gone for a stated reason. */
  excuse(series: string, { first, last }: { first: number; last: number }): void {
    for (const position of this.#promised.get(series)?.keys() ?? []) {
      if (position < first || position > last) continue;
      this.#promised.get(series)?.delete(position);
      this.named++;
    }
  }

  /** All that is promised, series and position. */
  positions(): (readonly [string, number])[] {
    return [...this.#promised].flatMap(([series, positions]) =>
      [...positions.keys()].map((position) => [series, position] as const)
    );
  }

  /**
   * Compares a complete look with what was promised, or with a part of it: what was promised before the look began. What
   * is missing once is not missed again.
   */
  check(shown: ReadonlyMap<string, ReadonlyMap<number, number>>, among = this.positions()): void {
    for (const [series, position] of among) {
      const content = this.#promised.get(series)?.get(position);
      const there = shown.get(series)?.get(position);
      if (content === undefined) continue;
      if (there === content) this.found++;
      else this.#promised.get(series)?.delete(position);
      if (there === undefined) this.lost.push(`${series} ${position}`);
      else if (there !== content) this.wrong.push(`${series} ${position} is ${there}, acknowledged was ${content}`);
    }
  }

  /** Nobody needs these series any more. */
  forget(isForgotten: (series: string) => boolean): void {
    for (const series of this.#promised.keys()) if (isForgotten(series)) this.#promised.delete(series);
  }
}
