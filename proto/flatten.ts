/**
 * Turns a frame's `data` into flat, typed fields. What becomes of what:
 *
 * | in `data`                                         | becomes                                                         |
 * |---------------------------------------------------|-----------------------------------------------------------------|
 * | number                                            | `f64`; a bigint, so a whole-number literal beyond 2^53: `i64`   |
 * | whole-number literal beyond 64 bits               | `str` of its digits                                             |
 * | number that a double cannot hold (`1e400`)        | null                                                            |
 * | true, false; text                                 | `bool`; `str`                                                   |
 * | null                                              | a null, of type `null` until another type is seen               |
 * | object                                            | its members, their names joined to its own by `_`               |
 * | empty object                                      | `json` `{}`; `data` itself: no fields                           |
 * | array of numbers and nulls, also empty            | `f64s`, a null element as NaN                                   |
 * | any other array, or one with a bigint             | `json`, its text                                                |
 * | name `ts`, `vehicle_id`, `epoch`, `seq`, `class`, `ts_device`, or `ss_...` after joining | the name with `_` behind it |
 * | name that an earlier field of the frame has       | the name with `_2`, `_3` ... behind it, the first that is free  |
 * | names that differ by case only                    | two fields; what their columns are called is up to the store    |
 */
import { Fault } from "./errors.ts";
import { fieldPattern, ownStreamPrefix } from "./ids.ts";
import { type JsonValue, stringifyJson } from "./json.ts";
import { arrayLengthMax, depthMax, fieldNameMax, fieldsPerFrameMax } from "./limits.ts";
import type { FieldType, Value } from "./shape.ts";

/** One field with its value; `value` is null exactly when it was sent as null. */
export interface FlatField {
  readonly name: string;
  readonly type: FieldType;
  readonly value: Exclude<Value, undefined>;
}

/** Columns that every table has besides the fields. */
const reservedNames: ReadonlySet<string> = new Set(["ts", "vehicle_id", "epoch", "seq", "class", "ts_device"]);
const int64Min = -(2n ** 63n);
const int64Max = 2n ** 63n - 1n;

/**
 * Flattens a frame's data. Throws `bad_frame`, `bad_field`, `too_deep` or `too_many_fields` with a JSON pointer that
 * begins at `data`.
 */
export function flatten(data: JsonValue): FlatField[] {
  if (!isObject(data)) throw new Fault("bad_frame", "Cannot take frame: data is not a JSON object", { pointer: "" });
  const frame: Frame = { fields: [], names: new Set() };
  addMembers(frame, data, { prefix: "", pointer: "", depth: 1 });
  return frame.fields;
}

interface Frame {
  readonly fields: FlatField[];
  readonly names: Set<string>;
}

/** An object inside `data`. */
interface Place {
  /** The names on the way to it, each with `_` behind it. */
  readonly prefix: string;
  readonly pointer: string;
  /** 1 for `data` itself. */
  readonly depth: number;
}

interface JsonObject {
  [key: string]: JsonValue;
}

function addMembers(frame: Frame, members: JsonObject, place: Place): void {
  for (const key of Object.keys(members)) {
    if (!fieldPattern.test(key)) throw badKey(key, place);
    const value = members[key];
    if (isObject(value) && !isEmpty(value)) {
      if (place.depth === depthMax) throw tooDeep(`${place.pointer}/${key}`);
      const inside = { prefix: `${place.prefix}${key}_`, pointer: `${place.pointer}/${key}`, depth: place.depth + 1 };
      addMembers(frame, value, inside);
      continue;
    }
    if (frame.fields.length === fieldsPerFrameMax) {
      throw new Fault("too_many_fields", `Cannot take frame: more than ${fieldsPerFrameMax} fields`, { pointer: "" });
    }
    const name = freeName(frame, place, key);
    frame.names.add(name);
    frame.fields.push(Array.isArray(value) ? arrayField(name, value, { place, key }) : plainField(name, value));
  }
}

/** The field's name after joining, reserved names and collisions, as the table above says. */
function freeName(frame: Frame, place: Place, key: string): string {
  const joined = place.prefix + key;
  const wanted = reservedNames.has(joined) || joined.startsWith(ownStreamPrefix) ? `${joined}_` : joined;
  let name = wanted;
  for (let number = 2; frame.names.has(name); number++) name = `${wanted}_${number}`;
  if (name.length <= fieldNameMax) return name;
  const problem = `name of ${name.length} characters after flattening, at most ${fieldNameMax} can be`;
  throw new Fault("bad_field", `Cannot take field "${name}": ${problem}`, { pointer: `${place.pointer}/${key}` });
}

function plainField(name: string, value: Exclude<JsonValue, JsonValue[]>): FlatField {
  if (typeof value === "number") {
    return Number.isFinite(value) ? { name, type: "f64", value } : { name, type: "null", value: null };
  }
  if (typeof value === "string") return { name, type: "str", value };
  if (typeof value === "boolean") return { name, type: "bool", value };
  if (value === null) return { name, type: "null", value };
  if (typeof value !== "bigint") return { name, type: "json", value: "{}" };
  const fits = value >= int64Min && value <= int64Max;
  return fits ? { name, type: "i64", value } : { name, type: "str", value: value.toString() };
}

function arrayField(name: string, elements: JsonValue[], at: { place: Place; key: string }): FlatField {
  const pointer = () => `${at.place.pointer}/${at.key}`;
  if (elements.length > arrayLengthMax) {
    const problem = `array of ${elements.length} elements, at most ${arrayLengthMax} can be`;
    throw new Fault("bad_frame", `Cannot take field "${name}": ${problem}`, { pointer: pointer() });
  }
  const numbers = new Float64Array(elements.length);
  for (let i = 0; i < elements.length; i++) {
    const element = elements[i];
    if (typeof element === "number" && Number.isFinite(element)) numbers[i] = element;
    else if (element === null || typeof element === "number") numbers[i] = NaN;
    else {
      if (!fitsDepth(elements, depthMax - at.place.depth)) throw tooDeep(pointer());
      return { name, type: "json", value: stringifyJson(elements) };
    }
  }
  return { name, type: "f64s", value: numbers };
}

/** Whether a value nests at most so many levels of arrays and objects. */
function fitsDepth(value: JsonValue, levels: number): boolean {
  if (typeof value !== "object" || value === null) return true;
  return levels > 0 && Object.values(value).every((inner) => fitsDepth(inner, levels - 1));
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isEmpty(object: JsonObject): boolean {
  for (const _ in object) return false;
  return true;
}

function tooDeep(pointer: string): Fault {
  return new Fault("too_deep", `Cannot take frame: nested deeper than ${depthMax} levels`, { pointer });
}

function badKey(key: string, place: Place): Fault {
  const escaped = key.slice(0, 100).replaceAll("~", "~0").replaceAll("/", "~1");
  const shown = JSON.stringify(key.slice(0, 100));
  return new Fault("bad_field", `Cannot take field ${shown}: wanted ${fieldPattern.source}`, {
    pointer: `${place.pointer}/${escaped}`,
  });
}
