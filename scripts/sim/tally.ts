/** How often things happened: a fault that never strikes tests nothing. */

/** Counts by name. */
export class Tally {
  readonly #counts = new Map<string, number>();

  add(name: string, by = 1): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + by);
  }

  of(name: string): number {
    return this.#counts.get(name) ?? 0;
  }

  /** Adds another's counts. */
  join(other: Tally): void {
    for (const [name, count] of other.#counts) this.add(name, count);
  }

  /** In order of names. */
  entries(): [string, number][] {
    return [...this.#counts].sort(([a], [b]) => a < b ? -1 : 1);
  }
}
