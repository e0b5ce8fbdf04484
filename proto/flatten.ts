/** Turns a frame's `data` into flat, typed fields. */
import type { JsonValue } from "./json.ts";
import type { FieldType, Value } from "./shape.ts";

/** One field with its value; `value` is null exactly when it was sent as null. */
export interface FlatField {
  readonly name: string;
  readonly type: FieldType;
  readonly value: Exclude<Value, undefined>;
}

/**
 * Flattens a frame's data. Throws `bad_frame`, `bad_field`, `too_deep` or `too_many_fields` with a JSON pointer that
 * begins at `data`.
 */
export function flatten(_data: JsonValue): FlatField[] {
  throw new Error("to be written");
}
