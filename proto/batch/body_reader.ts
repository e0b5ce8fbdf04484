/** Reads the body of a batch, as `body.ts` describes. Any bytes are safe. */
import { ByteReader } from "../bytes.ts";
import { Fault } from "../errors.ts";
import { type Shape, type ShapeHash, shapeHashBytes } from "../shape.ts";
import { plainTimes, shortIndexBlocks } from "./body.ts";
import { Arena } from "./arena.ts";
import type { Block } from "./column.ts";
import { ColumnReader } from "./column_reader.ts";
import type { BatchHeader } from "./header.ts";

/** Finds a shape by its hash. */
export type ShapeLookup = (hash: ShapeHash) => Shape | undefined;

/** Reads the blocks of an unpacked body. Throws `bad_batch`, `unknown_shape`. */
export function readBody(body: Uint8Array, { header, lookup }: { header: BatchHeader; lookup: ShapeLookup }): Block[] {
  const reader = new ByteReader(body, { code: "bad_batch", subject: "body of batch" });
  const count = reader.count(header.count, "blocks");
  if (count === 0) throw reader.fault("records without a block");
  const shapes: Shape[] = [];
  for (let left = count; left > 0; left--) shapes.push(readShape(reader, lookup));
  const base = reader.i64();
  const arena = new Arena(arenaBytes(header));
  const seqs = readSeqs(reader, header, { blocks: count, arena });
  const columns = new ColumnReader(reader, arena);
  const blocks = shapes.map((shape, index): Block => {
    const rows = seqs[index].length;
    const ts = readTimes(reader, { columns, base, into: arena.bigints(rows) });
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

/** Decoded, numbers take three times their place in the body, and repeated ones more. */
function arenaBytes({ unpackedBytes }: BatchHeader): number {
  return 4 * unpackedBytes + 1024;
}

/** The seqs of each block. */
function readSeqs(
  reader: ByteReader,
  { first, count }: BatchHeader,
  { blocks, arena }: { blocks: number; arena: Arena },
): Float64Array[] {
  const indexes = readIndexes(reader, blocks, count);
  const sizes = new Uint32Array(blocks);
  for (let place = 0; place < count; place++) {
    if (indexes[place] >= blocks) throw reader.fault(`record of block ${indexes[place]}, there are ${blocks}`);
    sizes[indexes[place]]++;
  }
  if (sizes.includes(0)) throw reader.fault("block without a record");
  const seqs: Float64Array[] = [];
  for (let index = 0; index < blocks; index++) seqs.push(arena.doubles(sizes[index]));
  const filled = new Uint32Array(blocks);
  for (let place = 0; place < count; place++) {
    const index = indexes[place];
    seqs[index][filled[index]++] = first + place;
  }
  return seqs;
}

/** Per record its block's index. */
function readIndexes(reader: ByteReader, blocks: number, count: number): Uint8Array | Uint16Array {
  if (blocks === 1) return new Uint8Array(count);
  if (blocks <= shortIndexBlocks) return reader.take(count);
  const bytes = reader.take(2 * count);
  return Uint16Array.from({ length: count }, (_, place) => bytes[2 * place] | (bytes[2 * place + 1] << 8));
}

/** Fills in the times of a block's rows. */
function readTimes(
  reader: ByteReader,
  { columns, base, into }: { columns: ColumnReader; base: bigint; into: BigInt64Array },
): BigInt64Array {
  const rows = into.length;
  const head = reader.u8();
  if (head === plainTimes) {
    for (let row = 0; row < rows; row++) into[row] = reader.i64();
    return into;
  }
  const offsets = columns.numbers.room(rows);
  columns.numbers.read({ head, into: offsets, count: rows });
  into[0] = base;
  const words = new Int32Array(into.buffer, into.byteOffset, 2 * rows);
  const baseLow = words[0] >>> 0;
  const baseHigh = words[1];
  for (let row = 0; row < rows; row++) {
    // In two words: a bigint a row would cost more than all the rest of it.
    const high = Math.floor(offsets[row] / 2 ** 32);
    const low = baseLow + (offsets[row] - high * 2 ** 32);
    words[2 * row] = low;
    words[2 * row + 1] = baseHigh + high + (low >= 2 ** 32 ? 1 : 0);
  }
  return into;
}
