/** The newest records of one class in memory, so that live sending needs no disk. */
import type { FrameRecord } from "#proto/shape.ts";
import type { EncodedRecords } from "./encoded_records.ts";
import type { NewFrame } from "./port.ts";

/** A run of records without a hole, bounded in encoded bytes; the oldest go first. */
export class Tail {
  readonly #bytesMax: number;
  #frames: NewFrame[] = [];
  /** Encoded size of each; the bytes themselves are not kept. */
  #sizes: number[] = [];
  /** Frames before this place have left. */
  #begin = 0;
  /** Seq of the frame at place 0. */
  #first = 1;
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Adds durable records, from one place to before another; ones that do not follow the last replace all. */
  push(records: EncodedRecords, { from, to }: { from: number; to: number }): void {
    const first = records.seqs[from];
    if (first !== this.#first + this.#frames.length) this.clear();
    if (this.#frames.length === 0) this.#first = first;
    for (let at = from; at < to; at++) {
      const size = records.sizeOf(at);
      this.#frames.push(records.frames[at]);
      this.#sizes.push(size);
      this.#bytes += size;
    }
    while (this.#bytes > this.#bytesMax) this.#bytes -= this.#sizes[this.#begin++];
    if (this.#begin > this.#frames.length / 2) this.#forgetLeft();
  }

  clear(): void {
    this.#frames = [];
    this.#sizes = [];
    this.#begin = 0;
    this.#bytes = 0;
  }

  /** The run from `first` to at most `last` within `bytesMax` (at least one record); undefined when it begins before. */
  read({ first, last, bytesMax }: { first: number; last: number; bytesMax: number }): FrameRecord[] | undefined {
    if (this.#begin === this.#frames.length || first < this.#first + this.#begin) return undefined;
    const run: FrameRecord[] = [];
    let bytes = 0;
    const end = Math.min(this.#frames.length, last - this.#first + 1);
    for (let at = first - this.#first; at < end; at++) {
      bytes += this.#sizes[at];
      if (bytes > bytesMax && run.length > 0) break;
      const { ts, shape, values } = this.#frames[at];
      run.push({ seq: this.#first + at, ts, shape, values });
    }
    return run;
  }

  #forgetLeft(): void {
    this.#frames = this.#frames.slice(this.#begin);
    this.#sizes = this.#sizes.slice(this.#begin);
    this.#first += this.#begin;
    this.#begin = 0;
  }
}
