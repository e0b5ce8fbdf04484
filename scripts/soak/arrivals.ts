/** Things under way, each with the moment of its arrival. */

interface Underway<T> {
  readonly thing: T;
  readonly atMs: number;
}

/** Gives things in order of their arrival, those of one moment in the order in which they were sent. */
export class Arrivals<T> {
  readonly #sorted: Underway<T>[] = [];

  get count(): number {
    return this.#sorted.length;
  }

  /** When the next one arrives. */
  get nextMs(): number | undefined {
    return this.#sorted[0]?.atMs;
  }

  send(thing: T, atMs: number): void {
    let place = this.#sorted.length;
    // Nearly all arrive in order, so the place is near the end.
    while (place > 0 && this.#sorted[place - 1].atMs > atMs) place--;
    this.#sorted.splice(place, 0, { thing, atMs });
  }

  /** Takes out what has arrived. */
  pollArrived(nowMs: number): T[] {
    let count = 0;
    while (count < this.#sorted.length && this.#sorted[count].atMs <= nowMs) count++;
    return this.#sorted.splice(0, count).map(({ thing }) => thing);
  }
}
