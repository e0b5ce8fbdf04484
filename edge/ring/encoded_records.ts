/**
 * Records of one class that go to disk together, with their bytes one behind the other. Each lies as an entry whose head
 * is still to be written: that takes the salt and the place of a segment, which are not known when a frame arrives.
 *
 * Columns, not an object for each record: at a hundred thousand frames a second the objects would cost more than the
 * encoding.
 */
import { ByteWriter } from "#proto/bytes.ts";
import { type PlacedFrame, writeRecord } from "#proto/record.ts";
import { entryHeaderBytes } from "./entry.ts";
import { letGo } from "./let_go.ts";
import type { NewFrame } from "./port.ts";

/** A buffer larger than that is not kept for the next records. */
const keptBytesMax = 256 * 1024;

/** Grows at its end, seqs rising. */
export class EncodedRecords {
  readonly frames: NewFrame[] = [];
  readonly seqs: number[] = [];
  /** Number of each one's shape within the epoch. */
  readonly shapeNumbers: number[] = [];
  /** Where each one's entry ends in {@link bytes}. */
  readonly #ends: number[] = [];
  #writer = new ByteWriter(0);

  get count(): number {
    return this.frames.length;
  }

  /** Of all entries together. */
  get byteLength(): number {
    return this.#writer.length;
  }

  /** The entries; changes identity when records are added. */
  get bytes(): Uint8Array {
    return this.#writer.bytes;
  }

  /** Where a record's entry begins in {@link bytes}; behind the last for the count of records. */
  startOf(at: number): number {
    return at === 0 ? 0 : this.#ends[at - 1];
  }

  /** Bytes of a record's entry. */
  sizeOf(at: number): number {
    return this.#ends[at] - this.startOf(at);
  }

  /** Adds a frame and returns the bytes of its entry. */
  add(placed: PlacedFrame): number {
    const start = this.#writer.skip(entryHeaderBytes);
    writeRecord(this.#writer, placed);
    const end = this.#writer.length;
    this.frames.push(placed.frame);
    this.seqs.push(placed.seq);
    this.shapeNumbers.push(placed.shapeNumber);
    this.#ends.push(end);
    return end - start;
  }

  /** Takes back the records from a place on. */
  truncate(count: number): void {
    this.#writer.length = this.startOf(count);
    for (const column of [this.frames, this.seqs, this.shapeNumbers, this.#ends]) column.length = count;
  }

  /** Lets go of all records, and of much memory. */
  clear(): void {
    letGo(this.frames);
    if (this.#writer.bytes.length > keptBytesMax) this.#writer = new ByteWriter(0);
    this.truncate(0);
  }

  /** How many of the first records have a seq up to `seq`. */
  countTo(seq: number): number {
    const { seqs } = this;
    let count = 0;
    while (count < seqs.length && seqs[count] <= seq) count++;
    return count;
  }
}
