/** When samples of what was posted show in queries: asks again and again, and notes the moment of the answer. */
import type { Clock } from "#proto/ports.ts";

/** One of the posted frames. */
export interface Sample {
  /** Of the frame; later frames have higher ones. */
  readonly number: number;
  /** When its post was due, on the clock's uptime. */
  readonly dueMs: number;
}

/** What can be asked. */
export interface Queries {
  /** Number of the newest frame that shows. */
  newest(): Promise<number>;
  /** Whether this frame shows. */
  shows(sample: Sample): Promise<boolean>;
}

/** Pause between an answer and the next question; with the time of a question it is the error of what is measured. */
const pauseMs = 5;

/** See the head of this file. */
export class Sightings {
  /** From the moment when a sample's post was due to the answer that shows it, milliseconds. */
  readonly delaysMs: number[] = [];
  readonly #queries: Queries;
  readonly #clock: Pick<Clock, "uptimeMs" | "after">;
  readonly #waiting = new Set<Sample>();

  constructor(queries: Queries, clock: Pick<Clock, "uptimeMs" | "after">) {
    this.#queries = queries;
    this.#clock = clock;
  }

  /** Looks out for a sample from now on. */
  expect(sample: Sample): void {
    this.#waiting.add(sample);
  }

  /** Looks until `posting` has settled and every sample has shown. Rejects when some do not within `patienceMs` of that. */
  async watch(posting: Promise<unknown>, patienceMs: number): Promise<void> {
    let untilMs = Infinity;
    const note = () => untilMs = this.#clock.uptimeMs() + patienceMs;
    posting.then(note, note);
    while (untilMs === Infinity || this.#waiting.size > 0) {
      await this.#look();
      if (this.#waiting.size > 0 && this.#clock.uptimeMs() > untilMs) {
        throw new Error(`Cannot see ${this.#waiting.size} of the samples: ${patienceMs / 1000} s have passed`);
      }
      await this.#clock.after(pauseMs);
    }
  }

  /** One cheap question tells which samples are worth one of their own: newer frames may show before older ones do. */
  async #look(): Promise<void> {
    if (this.#waiting.size === 0) return;
    const newest = await this.#queries.newest();
    await Promise.all([...this.#waiting].filter(({ number }) => number <= newest).map((sample) => this.#check(sample)));
  }

  async #check(sample: Sample): Promise<void> {
    if (!await this.#queries.shows(sample)) return;
    this.#waiting.delete(sample);
    this.delaysMs.push(this.#clock.uptimeMs() - sample.dueMs);
  }
}
