/** Writes the body of a batch, as `body.ts` describes. */
import { fail } from "node:assert/strict";
import { ByteWriter } from "../bytes.ts";
import { batchRecordsMax } from "../limits.ts";
import type { FrameRecord, Shape, ShapeHash, Value } from "../shape.ts";
import { plainTimes, shortIndexBlocks } from "./body.ts";
import { ColumnWriter } from "./column_writer.ts";
import { NumberWriter } from "./number_writer.ts";

interface OpenBlock {
  readonly shape: Shape;
  readonly rows: (readonly Value[])[];
  /** Places of its records in the batch. */
  readonly places: number[];
}

/** Writes bodies one after another with the same buffers. */
export class BodyWriter {
  readonly out = new ByteWriter(64 * 1024);
  readonly #numbers = new NumberWriter();
  readonly #columns = new ColumnWriter(this.out, this.#numbers);
  readonly #stamps = new BigInt64Array(batchRecordsMax);
  /** The same memory as the stamps: low and high words. */
  readonly #lows = new Uint32Array(this.#stamps.buffer);
  readonly #highs = new Int32Array(this.#stamps.buffer);

  /** Columns and values that the body written last decodes to. */
  get size(): { columns: number; values: number } {
    return { columns: this.#columns.columnCount, values: this.#columns.valueCount };
  }

  /** Writes the body of a contiguous run of records into {@link out}. */
  write(records: readonly FrameRecord[]): void {
    const indexes = new Uint16Array(records.length);
    const blocks = this.#sortIntoBlocks(records, indexes);
    this.out.clear();
    this.#columns.columnCount = 0;
    this.#columns.valueCount = 0;
    this.out.varint(blocks.length);
    for (const { shape } of blocks) this.out.hex(shape.hash);
    this.out.i64(records[0].ts);
    if (blocks.length > 1) this.#writeIndexes(indexes, blocks.length);
    for (const block of blocks) this.#writeBlock(block);
  }

  #sortIntoBlocks(records: readonly FrameRecord[], indexes: Uint16Array): OpenBlock[] {
    const blocks: OpenBlock[] = [];
    const known = new Map<ShapeHash, number>();
    const first = records[0].seq;
    for (let place = 0; place < records.length; place++) {
      const { seq, ts, shape, values } = records[place];
      if (seq !== first + place) fail(`record ${seq} must go on the run from ${first}`);
      this.#stamps[place] = ts;
      let index = known.get(shape.hash);
      if (index === undefined) {
        index = blocks.push({ shape, rows: [], places: [] }) - 1;
        known.set(shape.hash, index);
      }
      if (values.length > shape.fields.length) fail(`record ${seq} must have no more values than fields`);
      indexes[place] = index;
      blocks[index].rows.push(values);
      blocks[index].places.push(place);
    }
    return blocks;
  }

  #writeIndexes(indexes: Uint16Array, blocks: number): void {
    const areShort = blocks <= shortIndexBlocks;
    for (let place = 0; place < indexes.length; place++) {
      this.out.u8(indexes[place] & 0xff);
      if (!areShort) this.out.u8(indexes[place] >> 8);
    }
  }

  #writeBlock({ shape, rows, places }: OpenBlock): void {
    this.#writeTimes(places);
    this.#columns.writeAll(rows, shape.fields);
  }

  #writeTimes(places: number[]): void {
    const numbers = this.#numbers;
    numbers.reserve(places.length);
    let farthest = 0;
    for (let row = 0; row < places.length; row++) {
      const at = 2 * places[row];
      const offset = (this.#highs[at + 1] - this.#highs[1]) * 2 ** 32 + (this.#lows[at] - this.#lows[0]);
      farthest = Math.max(farthest, Math.abs(offset));
      numbers.values[row] = offset;
    }
    if (farthest <= Number.MAX_SAFE_INTEGER) return numbers.writeAll(this.out);
    this.out.u8(plainTimes);
    for (const place of places) this.out.i64(this.#stamps[place]);
  }
}
