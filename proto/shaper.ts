/** Keeps the growing shape of each stream, so that frames of one stream share few shapes. */
import type { FlatField } from "./flatten.ts";
import type { StreamName } from "./ids.ts";
import { shapeBytesMax, shapeFieldsMax, shaperStreamsMax } from "./limits.ts";
import { encodeShape, type Field, growShape, makeShape, type Shape, type Value } from "./shape.ts";

/** The shape that a frame was fitted into, and its values in that shape's order. */
export interface FittedFrame {
  readonly shape: Shape;
  readonly values: Value[];
}

/** A stream's shape with its index. */
interface Known {
  readonly shape: Shape;
  /** Place in `shape.fields` by {@link placeKey}. */
  readonly places: ReadonlyMap<string, number>;
  /** Place that takes a name's nulls: of its first type that is not `null`, otherwise of `null`. */
  readonly nullPlaces: ReadonlyMap<string, number>;
}

/**
 * One vehicle's streams with their shapes. Of more than `shaperStreamsMax` streams the one first seen longest ago is
 * forgotten: should it come again, it begins a new shape, and nothing is lost but a little space.
 */
export class Shaper {
  readonly #known = new Map<StreamName, Known>();

  /**
   * Fits a frame into its stream's shape, which grows by the fields that it lacked. A shape that can grow no further is
   * given up for a new one of this frame's fields. Names must be unique, as {@link flatten} makes them.
   */
  fit(stream: StreamName, fields: readonly FlatField[]): FittedFrame {
    const known = this.#known.get(stream);
    if (known !== undefined && isSameLayout(known.shape.fields, fields)) {
      return { shape: known.shape, values: fields.map((field) => field.value) };
    }
    const grown = growFor(known, stream, fields);
    this.#known.set(stream, grown);
    if (this.#known.size > shaperStreamsMax) this.#forgetFirst();
    return { shape: grown.shape, values: valuesIn(grown, fields) };
  }

  #forgetFirst(): void {
    const first = this.#known.keys().next();
    if (!first.done) this.#known.delete(first.value);
  }
}

function isSameLayout(expected: readonly Field[], fields: readonly FlatField[]): boolean {
  // A frame may end before its shape does.
  if (fields.length > expected.length) return false;
  for (let i = 0; i < fields.length; i++) {
    if (fields[i].name !== expected[i].name || fields[i].type !== expected[i].type) return false;
  }
  return true;
}

function growFor(known: Known | undefined, stream: StreamName, fields: readonly FlatField[]): Known {
  if (known === undefined) return index(makeShape(stream, fields));
  const added = fields.filter((field) => placeOf(known, field) === undefined);
  if (added.length === 0) return known;
  return index(canGrow(known.shape, added) ? growShape(known.shape, added) : makeShape(stream, fields));
}

function canGrow(shape: Shape, added: readonly FlatField[]): boolean {
  // Per field its name, a type, a length, and perhaps a second byte in the count of fields.
  const bytes = added.reduce((sum, field) => sum + field.name.length + 3, encodeShape(shape).length);
  return shape.fields.length + added.length <= shapeFieldsMax && bytes <= shapeBytesMax;
}

function valuesIn(known: Known, fields: readonly FlatField[]): Value[] {
  const values: Value[] = [];
  for (const field of fields) {
    const place = placeOf(known, field);
    if (place === undefined) continue;
    while (values.length <= place) values.push(undefined);
    values[place] = field.value;
  }
  return values;
}

function placeOf(known: Known, field: FlatField): number | undefined {
  return field.value === null ? known.nullPlaces.get(field.name) : known.places.get(placeKey(field));
}

function placeKey({ name, type }: Field): string {
  return `${name} ${type}`;
}

function index(shape: Shape): Known {
  const places = new Map<string, number>();
  const nullPlaces = new Map<string, number>();
  shape.fields.forEach((field, place) => {
    places.set(placeKey(field), place);
    const holder = nullPlaces.get(field.name);
    const isBetter = holder === undefined || (shape.fields[holder].type === "null" && field.type !== "null");
    if (isBetter) nullPlaces.set(field.name, place);
  });
  return { shape, places, nullPlaces };
}
