/** The newest records of one class in memory, so that live sending needs no disk. */
import type { FrameRecord } from "#proto/shape.ts";
import type { EncodedRecord } from "./append_queue.ts";

/** A run of records without a hole, bounded in encoded bytes; the oldest go first. */
export class Tail {
  readonly #bytesMax: number;
  #records: FrameRecord[] = [];
  /** Encoded size of each; the bytes themselves are not kept. */
  #sizes: number[] = [];
  /** Records before this place have left. */
  #begin = 0;
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Adds durable records; ones that do not follow the last replace all. */
  push(records: readonly EncodedRecord[]): void {
    const last = this.#records.at(-1);
    if (last !== undefined && records[0].record.seq !== last.seq + 1) this.clear();
    for (const { record, bytes } of records) {
      this.#records.push(record);
      this.#sizes.push(bytes.length);
      this.#bytes += bytes.length;
    }
    while (this.#bytes > this.#bytesMax) this.#bytes -= this.#sizes[this.#begin++];
    if (this.#begin > this.#records.length / 2) {
      this.#records = this.#records.slice(this.#begin);
      this.#sizes = this.#sizes.slice(this.#begin);
      this.#begin = 0;
    }
  }

  clear(): void {
    this.#records = [];
    this.#sizes = [];
    this.#begin = 0;
    this.#bytes = 0;
  }

  /** The run from `first` to at most `last` within `bytesMax` (at least one record); undefined when it begins before. */
  read({ first, last, bytesMax }: { first: number; last: number; bytesMax: number }): FrameRecord[] | undefined {
    const oldest = this.#records[this.#begin]?.seq;
    if (oldest === undefined || first < oldest) return undefined;
    const run: FrameRecord[] = [];
    let bytes = 0;
    const end = Math.min(this.#records.length, this.#begin + last - oldest + 1);
    for (let at = this.#begin + first - oldest; at < end; at++) {
      bytes += this.#sizes[at];
      if (bytes > bytesMax && run.length > 0) break;
      run.push(this.#records[at]);
    }
    return run;
  }
}
