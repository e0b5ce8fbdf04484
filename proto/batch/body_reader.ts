/** Reads the body of a batch, as `body.ts` describes. Any bytes are safe. */
import { ByteReader } from "../bytes.ts";
import { Fault } from "../errors.ts";
import { type Shape, type ShapeHash, shapeHashBytes } from "../shape.ts";
import { plainTimes, shortIndexBlocks } from "./body.ts";
import type { Block } from "./column.ts";
import { ColumnReader } from "./column_reader.ts";
import type { BatchHeader } from "./header.ts";

/** Finds a shape by its hash. */
export type ShapeLookup = (hash: ShapeHash) => Shape | undefined;

/** Reads the blocks of an unpacked body. Throws `bad_batch`, `unknown_shape`. */
export function readBody(body: Uint8Array, header: BatchHeader, lookup: ShapeLookup): Block[] {
  const reader = new ByteReader(body, { code: "bad_batch", subject: "body of batch" });
  const count = reader.count(header.count, "blocks");
  if (count === 0) throw reader.fault("records without a block");
  const shapes: Shape[] = [];
  for (let left = count; left > 0; left--) shapes.push(readShape(reader, lookup));
  const base = reader.i64();
  const seqs = readSeqs(reader, header, count);
  const columns = new ColumnReader(reader);
  const blocks = shapes.map((shape, index): Block => {
    const rows = seqs[index].length;
    const ts = readTimes(reader, { columns, base, rows });
    return { shape, seqs: seqs[index], ts, columns: shape.fields.map((field) => columns.read(field, rows)) };
  });
  reader.end();
  return blocks;
}

function readShape(reader: ByteReader, lookup: ShapeLookup): Shape {
  const hash = reader.take(shapeHashBytes).toHex();
  const shape = lookup(hash);
  if (shape === undefined) throw new Fault("unknown_shape", `Cannot read batch of shape "${hash}": it is not known`);
  return shape;
}

/** The seqs of each block. */
function readSeqs(reader: ByteReader, { first, count }: BatchHeader, blocks: number): Float64Array[] {
  if (blocks === 1) return [Float64Array.from({ length: count }, (_, place) => first + place)];
  const width = blocks <= shortIndexBlocks ? 1 : 2;
  const bytes = reader.take(width * count);
  const indexes = width === 1
    ? bytes
    : Uint16Array.from({ length: count }, (_, i) => bytes[2 * i] | (bytes[2 * i + 1] << 8));
  const sizes = new Uint32Array(blocks);
  for (const index of indexes) {
    if (index >= blocks) throw reader.fault(`record of block ${index}, there are ${blocks}`);
    sizes[index]++;
  }
  if (sizes.includes(0)) throw reader.fault("block without a record");
  const seqs = Array.from(sizes, (size) => new Float64Array(size));
  const filled = new Uint32Array(blocks);
  for (let place = 0; place < count; place++) {
    const index = indexes[place];
    seqs[index][filled[index]++] = first + place;
  }
  return seqs;
}

function readTimes(
  reader: ByteReader,
  { columns, base, rows }: { columns: ColumnReader; base: bigint; rows: number },
): BigInt64Array {
  const times = new BigInt64Array(rows);
  const head = reader.u8();
  if (head === plainTimes) {
    for (let row = 0; row < rows; row++) times[row] = reader.i64();
    return times;
  }
  const offsets = new Float64Array(rows);
  columns.numbers.read(head, offsets, rows);
  times[0] = base;
  const words = new Int32Array(times.buffer);
  const baseLow = words[0] >>> 0;
  const baseHigh = words[1];
  for (let row = 0; row < rows; row++) {
    // In two words: a bigint a row would cost more than all the rest of it.
    const high = Math.floor(offsets[row] / 2 ** 32);
    const low = baseLow + (offsets[row] - high * 2 ** 32);
    words[2 * row] = low;
    words[2 * row + 1] = baseHigh + high + (low >= 2 ** 32 ? 1 : 0);
  }
  return times;
}
