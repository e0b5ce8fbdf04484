/**
 * A shape: a stream's name with its ordered fields and their types. Named by a 128-bit hash of its content, so a whole
 * fleet shares it. It grows by appending as fields appear; a field whose type changes appears once per type.
 *
 * Canonical definition, version 1; texts are a varint length and ASCII:
 *
 *     u8 version (1) | text stream | varint count of fields | per field: u8 type, text name
 */
import { createHash } from "node:crypto";
import { ByteReader, ByteWriter } from "./bytes.ts";
import { Fault } from "./errors.ts";
import { type StreamName, streamPattern } from "./ids.ts";
import { fieldNameMax, shapeBytesMax, shapeFieldsMax } from "./limits.ts";

/**
 * Types of fields; the place in the list is the number on wire and disk. `null`: only nulls so far. `f64s`: array of
 * numbers (null elements are NaN). `json`: any other array, kept as its JSON text.
 */
export const fieldTypes = ["null", "bool", "f64", "i64", "str", "f64s", "json"] as const;
/** One of {@link fieldTypes}. */
export type FieldType = typeof fieldTypes[number];

/** One field after flattening. */
export interface Field {
  readonly name: string;
  readonly type: FieldType;
}

/** 16-byte content hash as 32 lower-case hex digits. */
export type ShapeHash = string;

/** Frozen. Equal hashes mean equal shapes. */
export interface Shape {
  readonly hash: ShapeHash;
  readonly stream: StreamName;
  /** Unique by name and type. */
  readonly fields: readonly Field[];
}

/**
 * A value of a field, by type: null -> null, bool -> boolean, f64 -> number, i64 -> bigint, str -> string, f64s ->
 * Float64Array, json -> its text as string. `null` is a null that was sent; `undefined` a field that was not.
 */
export type Value = null | boolean | number | bigint | string | Float64Array | undefined;

/** One frame as ring and batch carry it, within one epoch and class. */
export interface FrameRecord {
  /** Per vehicle, epoch and class, rising by one, from 1. */
  readonly seq: number;
  /** Nanoseconds since 1970, UTC. */
  readonly ts: bigint;
  readonly shape: Shape;
  /** By place in `shape.fields`; may be shorter: what is behind its end is missing. */
  readonly values: readonly Value[];
}

/** Bytes of a {@link ShapeHash} where it stands as bytes. */
export const shapeHashBytes = 16;

const version = 1;
const flatNamePattern = new RegExp(`^[A-Za-z_][A-Za-z0-9_]{0,${fieldNameMax - 1}}$`);

/** Makes a frozen shape. Throws `bad_shape` when it breaks a limit or repeats a field. */
export function makeShape(stream: StreamName, fields: readonly Field[]): Shape {
  const seen = new Set<string>();
  const frozen = fields.map(({ name, type }) => {
    if (!flatNamePattern.test(name)) throw refusal(stream, `field name "${name.slice(0, 200)}" is not valid`);
    if (seen.has(`${name} ${type}`)) throw refusal(stream, `field "${name}" of type ${type} is there twice`);
    seen.add(`${name} ${type}`);
    return Object.freeze({ name, type });
  });
  if (frozen.length > shapeFieldsMax) {
    throw refusal(stream, `${frozen.length} fields, at most ${shapeFieldsMax} can be`);
  }
  const bytes = definitionOf(stream, frozen);
  if (bytes.length > shapeBytesMax) throw refusal(stream, `${bytes.length} bytes, at most ${shapeBytesMax} can be`);
  return Object.freeze({ hash: hashOf(bytes), stream, fields: Object.freeze(frozen) });
}

/** The shape with more fields appended. Throws `bad_shape`. */
export function growShape(shape: Shape, fields: readonly Field[]): Shape {
  return makeShape(shape.stream, [...shape.fields, ...fields]);
}

/** The canonical definition: equal shapes, equal bytes. */
export function encodeShape(shape: Shape): Uint8Array {
  return definitionOf(shape.stream, shape.fields);
}

/** Reads what {@link encodeShape} wrote. Throws `bad_shape`. Any bytes are safe. */
export function decodeShape(bytes: Uint8Array): Shape {
  const reader = new ByteReader(bytes, { code: "bad_shape", subject: "shape" });
  if (bytes.length > shapeBytesMax) throw reader.fault(`at most ${shapeBytesMax} bytes can be`);
  const found = reader.u8();
  if (found !== version) throw reader.fault(`version ${found}, wanted ${version}`);
  const stream = reader.text();
  if (!isStream(stream)) throw reader.fault("stream name is not valid");
  const fields: Field[] = [];
  for (let left = reader.count(shapeFieldsMax, "fields"); left > 0; left--) {
    const type = fieldTypes[reader.u8()];
    if (type === undefined) throw reader.fault("field of a type that does not exist");
    fields.push({ type, name: reader.text() });
  }
  reader.end();
  const shape = makeShape(stream, fields);
  // One shape, one hash: a second spelling of the same shape (a longer varint) is refused.
  if (shape.hash !== hashOf(bytes)) throw reader.fault("definition is not canonical");
  return shape;
}

function definitionOf(stream: StreamName, fields: readonly Field[]): Uint8Array {
  const writer = new ByteWriter();
  writer.u8(version);
  writer.text(stream);
  writer.varint(fields.length);
  for (const { name, type } of fields) {
    writer.u8(fieldTypes.indexOf(type));
    writer.text(name);
  }
  return writer.copy();
}

function hashOf(definition: Uint8Array): ShapeHash {
  return createHash("sha256").update(definition).digest("hex").slice(0, 2 * shapeHashBytes);
}

function isStream(text: string): text is StreamName {
  return streamPattern.test(text);
}

function refusal(stream: StreamName, problem: string): Fault {
  return new Fault("bad_shape", `Cannot make shape of stream "${stream}": ${problem}`);
}
