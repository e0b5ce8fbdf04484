/**
 * One frame as it lies in the vehicle's ring, without the length and CRC that the ring adds. Version 1, little endian:
 *
 *     varint shape number | varint seq | i64 ts | varint count of values
 *     | per value 2 bits, lowest first: 0 missing, 1 null, 2 a value (false), 3 true
 *     | per value in state 2 that is not boolean: f64 8 bytes; i64 8 bytes; str, json varint length and UTF-8;
 *       f64s varint count and 8 bytes each
 */
import { ok } from "node:assert/strict";
import { ByteReader, ByteWriter, utf8Bytes } from "./bytes.ts";
import { Fault } from "./errors.ts";
import { arrayLengthMax } from "./limits.ts";
import type { FieldType, FrameRecord, Shape, Value } from "./shape.ts";

const state = { missing: 0, null: 1, value: 2, true: 3 } as const;

/** A frame with its place in the ring. */
export interface PlacedFrame {
  readonly frame: Omit<FrameRecord, "seq">;
  readonly seq: number;
  /** Of its shape within the segment. */
  readonly shapeNumber: number;
}

/** Writes a record behind what the writer holds. */
export function writeRecord(writer: ByteWriter, { frame, seq, shapeNumber }: PlacedFrame): void {
  const { ts, shape: { stream, fields }, values } = frame;
  const count = valueCount(values);
  if (count > fields.length) {
    ok(false, `record of stream "${stream}" has ${count} values, more than its ${fields.length} fields`);
  }
  writer.varint(shapeNumber);
  writer.varint(seq);
  writer.i64(ts);
  writer.varint(count);
  const statesAt = writer.skip(Math.ceil(count / 4));
  let states = 0;
  for (let at = 0; at < count; at++) {
    const value = values[at];
    const { type } = fields[at];
    // Numbers are what most frames are made of: handing them on would make an object of each.
    if (typeof value === "number" && type === "f64") {
      states |= state.value << (2 * (at & 3));
      writer.f64(value);
    } else {
      states |= stateOf(value) << (2 * (at & 3));
      writeValue(writer, type, value);
    }
    if ((at & 3) === 3 || at === count - 1) {
      writer.bytes[statesAt + (at >> 2)] = states;
      states = 0;
    }
  }
}

/** Decodes a record by its segment's shapes, which the number indexes. Throws `bad_record`, `unknown_shape`. Any bytes are safe. */
export function decodeRecord(bytes: Uint8Array, shapes: readonly Shape[]): FrameRecord {
  const reader = new ByteReader(bytes, { code: "bad_record", subject: "record" });
  const shapeNumber = reader.varint();
  const shape = shapes[shapeNumber];
  if (shape === undefined) {
    throw new Fault("unknown_shape", `Cannot read record of shape number ${shapeNumber}: ${shapes.length} are known`);
  }
  const seq = reader.varint();
  if (seq === 0) throw reader.fault("seq 0, wanted 1 or more");
  const ts = reader.i64();
  const count = reader.count(shape.fields.length, "values");
  const states = reader.take(Math.ceil(count / 4));
  const values: Value[] = [];
  for (let at = 0; at < count; at++) {
    values.push(readValue(reader, shape.fields[at].type, (states[at >> 2] >> (2 * (at & 3))) & 3));
  }
  reader.end();
  return { seq, ts, shape, values };
}

/** Upper bound of what a record takes in a batch's body and in the ring, in bytes, its share of a block included. */
export function recordBytes(record: Pick<FrameRecord, "shape" | "values">): number {
  // 64 bytes of a block of its own, and per field a column's header or its bits of presence.
  let bytes = 64 + 2 * record.shape.fields.length;
  for (const value of record.values) {
    if (typeof value === "string") bytes += 10 + utf8Bytes(value);
    else if (value instanceof Float64Array) bytes += 10 + 9 * value.length;
    else bytes += 9;
  }
  return bytes;
}

/** How many values there are when those missing at the end are left away. */
export function valueCount(values: readonly Value[]): number {
  let count = values.length;
  while (count > 0 && values[count - 1] === undefined) count--;
  return count;
}

function stateOf(value: Value): number {
  if (value === undefined) return state.missing;
  if (value === null) return state.null;
  return value === true ? state.true : state.value;
}

function writeValue(writer: ByteWriter, type: FieldType, value: Value): void {
  if (value === undefined || value === null) return;
  if (typeof value === "string" && (type === "str" || type === "json")) writer.text(value);
  else if (typeof value === "bigint" && type === "i64") writer.i64(value);
  else if (value instanceof Float64Array && type === "f64s") {
    writer.varint(value.length);
    for (const element of value) writer.f64(element);
  } else {ok(
      typeof value === "boolean" && type === "bool",
      `value of type ${typeof value} is of its field's type ${type}`,
    );}
}

function readValue(reader: ByteReader, type: FieldType, found: number): Value {
  if (found === state.missing) return undefined;
  if (found === state.null) return null;
  if (type === "bool") return found === state.true;
  if (found === state.true) throw reader.fault(`value of type ${type} said to be true`);
  if (type === "f64") return reader.f64();
  if (type === "i64") return reader.i64();
  if (type === "str" || type === "json") return reader.text();
  if (type === "null") throw reader.fault("value of a field that has nulls only");
  const elements = new Float64Array(reader.count(arrayLengthMax, "elements"));
  for (let at = 0; at < elements.length; at++) elements[at] = reader.f64();
  return elements;
}
