/** What callers gave to agents and what they were answered: the truth that the store is measured by. */
import { type Class, classNumber } from "#proto/class.ts";
import type { Epoch } from "#proto/ids.ts";
import { none, type Ranges, union } from "#proto/ranges.ts";
import type { Shape } from "#proto/shape.ts";
import { seriesName } from "./database.ts";

/** One frame as it was given. */
export interface GivenFrame {
  readonly number: number;
  readonly vehicle: string;
  readonly class: Class;
  readonly ts: bigint;
  readonly shape: Shape;
  readonly isPoisoned: boolean;
}

/** An answer `durable` to some frames. */
export interface Answer {
  readonly vehicle: string;
  readonly class: Class;
  readonly epoch: Epoch;
  readonly first: number;
  readonly frames: readonly GivenFrame[];
  readonly atMs: number;
}

/** Answered records of one vehicle, epoch and class. */
export interface AnsweredSeries {
  readonly vehicle: string;
  readonly epoch: Epoch;
  readonly class: Class;
  ranges: Ranges;
  /** Frames by seq. */
  readonly frames: Map<number, GivenFrame>;
}

/** See the head of this file. */
export class Given {
  /** By number. */
  readonly frames = new Map<number, GivenFrame>();
  /** Answered `durable`, by {@link seriesName}. */
  readonly series = new Map<string, AnsweredSeries>();
  #answered = 0;
  #next = 1;

  /** Frames answered `durable`. */
  get answered(): number {
    return this.#answered;
  }

  /** Takes note of a frame before it is given, and numbers it. */
  add(frame: Omit<GivenFrame, "number">): GivenFrame {
    const given = { ...frame, number: this.#next++ };
    this.frames.set(given.number, given);
    return given;
  }

  /** Takes note of an answer. Returns a seq that was answered before, if there is one: none may be. */
  answer({ vehicle, class: className, epoch, first, frames }: Answer): number | undefined {
    const name = seriesName(vehicle, epoch, { class: classNumber(className) });
    const series = this.series.get(name) ?? { vehicle, epoch, class: className, ranges: none, frames: new Map() };
    this.series.set(name, series);
    const twice = frames.findIndex((_, at) => series.frames.has(first + at));
    frames.forEach((frame, at) => series.frames.set(first + at, frame));
    series.ranges = union(series.ranges, [{ first, last: first + frames.length - 1 }]);
    this.#answered += frames.length;
    return twice < 0 ? undefined : first + twice;
  }
}
