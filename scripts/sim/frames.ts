/**
 * The frames that simulated vehicles give: each bears a number of its own, from which all of its content follows, so
 * that any row of the store can be traced to the frame that it was, and compared with it.
 */
import type { Cell } from "#cloud/lib/store/mapping.ts";
import { parseStream } from "#proto/ids.ts";
import { type JsonValue, parseJson } from "#proto/json.ts";
import { type Field, type FieldType, makeShape, type Shape, type Value } from "#proto/shape.ts";
import type { SimRow } from "./database.ts";
import { poisonField } from "./memory_backend.ts";

/** Field that holds a frame's number. */
export const numberField = "number";

/** Streams of a vehicle, each in the versions through which its shape grows. */
const streams: readonly (readonly (readonly [string, FieldType])[])[] = [
  [["altitude", "f64"], ["speed", "f64"], ["heading", "f64"]],
  [["text", "str"], ["armed", "bool"], ["mode", "f64"]],
  [["mode", "str"], ["fix", "i64"], ["position", "f64s"]],
  [["axes", "f64s"], ["samples", "i64"], ["clipped", "bool"]],
];
const names = ["telemetry", "status", "status", "imu"] as const;

/** Every shape that a vehicle may use; those of one stream differ in a field's type, which makes strays. */
export const shapes: readonly Shape[] = streams.flatMap((fields, at) =>
  fields.map((_, count) => shapeOf(names[at], fields.slice(0, count + 1)))
);

/** A shape with a field that the simulated store refuses. */
export const poisonedShape = shapeOf("telemetry", [[poisonField, "bool"]]);

/** The frame's values in a shape. */
export function valuesOf(number: number, shape: Shape): Value[] {
  return shape.fields.map(({ name, type }, at) => name === numberField ? number : valueOf(type, mixed(number, at)));
}

/** Why a row is not the frame of its number, in that shape; undefined when it is. */
export function differenceOf(row: SimRow, shape: Shape): string | undefined {
  if (row.stream !== shape.stream) return `it lies in stream "${row.stream}", given to "${shape.stream}"`;
  const strays = row.overflow === null ? {} : parseJson(row.overflow) as Record<string, JsonValue>;
  const values = valuesOf(row.cells.get(numberField) as number, shape);
  const wanted = new Map(shape.fields.map(({ name }, at) => [name, values[at]]));
  for (const [name, value] of wanted) {
    const found: unknown = row.cells.get(name) ?? strays[name];
    if (textOf(found) !== textOf(value)) return `field "${name}" is ${textOf(found)}, given as ${textOf(value)}`;
  }
  const strange = [...row.cells.keys(), ...Object.keys(strays)].find((name) => !wanted.has(name));
  return strange === undefined ? undefined : `field "${strange}" was never given`;
}

function shapeOf(stream: string, fields: readonly (readonly [string, FieldType])[]): Shape {
  const all: Field[] = [{ name: numberField, type: "f64" }, ...fields.map(([name, type]) => ({ name, type }))];
  return makeShape(parseStream(stream), all);
}

function valueOf(type: FieldType, chance: number): Value {
  switch (type) {
    case "bool":
      return chance % 2 === 0;
    case "i64":
      return BigInt(chance) * 2_000_000_000n;
    case "str":
      return `t${chance.toString(36)}`;
    case "f64s":
      return Float64Array.from({ length: chance % 5 }, (_, i) => chance / (i + 3));
    default:
      return chance / 1024;
  }
}

/** An unsigned 32-bit number that hangs on both. Source: the finaliser of MurmurHash3. */
function mixed(number: number, place: number): number {
  let hash = Math.imul(number ^ (place << 24), 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function textOf(value: unknown): string {
  return value instanceof Float64Array ? value.join(" ") : String(value as Cell | undefined);
}
