/**
 * A shape: a stream's name with its ordered fields and their types. Named by a 128-bit hash of its content, so a whole
 * fleet shares it. It grows by appending as fields appear; a field whose type changes appears once per type.
 */
import type { StreamName } from "./ids.ts";

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

/** Makes a frozen shape. Throws `bad_shape` when it breaks a limit or repeats a field. */
export function makeShape(_stream: StreamName, _fields: readonly Field[]): Shape {
  throw new Error("to be written");
}

/** The shape with more fields appended. Throws `bad_shape`. */
export function growShape(shape: Shape, fields: readonly Field[]): Shape {
  return makeShape(shape.stream, [...shape.fields, ...fields]);
}

/** The canonical definition: equal shapes, equal bytes. */
export function encodeShape(_shape: Shape): Uint8Array {
  throw new Error("to be written");
}

/** Reads what {@link encodeShape} wrote. Throws `bad_shape`. Any bytes are safe. */
export function decodeShape(_bytes: Uint8Array): Shape {
  throw new Error("to be written");
}
