/**
 * How values become columns and come back: one table for every store, tested on all of them.
 *
 * A field gets its column when its first value that is not null appears, of that value's type:
 *
 *     field type | column        | SQLite            | QuestDB   | read back as
 *     -----------+---------------+-------------------+-----------+------------------------------------------------
 *     null       | none yet      |                   |           | null
 *     bool       | bool          | INTEGER 0, 1      | INT 0, 1  | boolean
 *     f64        | f64           | no affinity, REAL | DOUBLE    | number; -0 kept; NaN and infinities are null
 *     i64        | i64           | INTEGER           | LONG      | number within 2^53, else bigint
 *     str        | str           | TEXT              | VARCHAR   | string
 *     f64s       | f64s          | BLOB, doubles LE  | DOUBLE[]  | array of numbers; NaN and infinities are null
 *     json       | json          | TEXT              | STRING    | the value of the JSON text
 *
 * A value of another type than its column:
 *
 *     f64 -> i64 column    when a whole number within 2^53 and not -0
 *     f64s -> json column  as JSON text
 *     all else             "strays": kept in the row's `overflow` column under the field's name
 *
 * Strays, too: -2^63 (QuestDB's null of LONG), every value of a field beyond the stream's column limit or with a name that no column
 * takes. `overflow` is the text of a JSON object; its members come back as the fields' values. Null and missing are one
 * in the store, and both come back as null.
 *
 * QuestDB has no null of BOOLEAN, BYTE and SHORT, hence INT. SQLite's REAL affinity stores -0.0 as 0, hence none.
 */
import type { Column } from "#proto/batch.ts";
import { type JsonValue, parseJson, stringifyJson } from "#proto/json.ts";
import type { FieldType } from "#proto/shape.ts";

/** Types of columns: those of fields, without null. */
export type ColumnType = Exclude<FieldType, "null">;

/** A cell as stores give it: json as its text, f64s as its doubles, i64 as bigint. */
export type Cell = null | boolean | number | bigint | string | Float64Array;

/** Names of columns in the order of the key. */
export const keyColumns = ["ts", "vehicle_id", "epoch", "class", "seq"] as const;
/** Column of the strays. */
export const overflowColumn = "overflow";
/** Names that no field's column may have, in any case. `stream` is a column of the overflow table. */
export const systemColumns: readonly string[] = [...keyColumns, overflowColumn, "stream"];

const int64Min = -(1n << 63n);

/** Values for one column, dense by row; `presence` is 2 where there is one. */
export interface Cells {
  readonly presence: Uint8Array;
  readonly values: NonNullable<Column["values"]>;
}

/** What of a field's values fits its column; the others are strays. */
export interface Fitting {
  readonly cells: Cells;
  /** Rows whose value did not fit; undefined when all did. */
  readonly strays: readonly number[] | undefined;
}

/** The value in one row, as the store's answer will be: null where there is none. */
export function valueAt(column: Column, row: number): JsonValue {
  if (column.presence[row] !== 2 || column.values === undefined) return null;
  return cellValue(column.field.type, rawAt(column, row));
}

/** Whether a column of a batch has any value that is not null. */
export function hasValues(column: Column): boolean {
  return column.values !== undefined && column.presence.includes(2);
}

/** Turns a stored cell into the value that it stands for. */
export function cellValue(type: FieldType, cell: Cell): JsonValue {
  if (cell === null) return null;
  if (type === "json") return jsonValue(cell as string);
  if (typeof cell === "bigint") return exactInteger(cell);
  if (typeof cell === "number") return Number.isFinite(cell) ? cell : null;
  if (cell instanceof Float64Array) return Array.from(cell, (element) => Number.isFinite(element) ? element : null);
  return cell;
}

/** Splits a field's values into what its column takes and the strays. */
export function fitCells(column: Column, target: ColumnType): Fitting {
  const source = column.field.type;
  if (source === target) return sameType(column, target);
  if (source === "f64" && target === "i64") return wholeNumbers(column);
  if (source === "f64s" && target === "json") return arraysAsJson(column);
  return { cells: { presence: new Uint8Array(column.presence.length), values: [] }, strays: rowsOf(column) };
}

/** Rows of a batch's column that have a value. */
export function rowsOf(column: Column): number[] {
  const rows: number[] = [];
  for (let row = 0; row < column.presence.length; row++) if (column.presence[row] === 2) rows.push(row);
  return rows;
}

/** Text of an `overflow` cell. */
export function overflowText(strays: ReadonlyMap<string, JsonValue>): string {
  return stringifyJson(Object.fromEntries(strays));
}

/** Reads an `overflow` cell. */
export function readOverflow(text: string): Record<string, JsonValue> {
  return parseJson(text) as Record<string, JsonValue>;
}

/** Whether two values are the same value of JSON: 5 and 5n are, 0 and -0 are not. */
export function sameValue(a: JsonValue, b: JsonValue): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a === "bigint" && typeof b === "number") return sameNumber(a, b);
  if (typeof a === "number" && typeof b === "bigint") return sameNumber(b, a);
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((element, i) => sameValue(element, b[i]));
  }
  if (!isObject(a) || !isObject(b)) return false;
  const names = Object.keys(a);
  return names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && sameValue(a[name], b[name]));
}

function isObject(value: JsonValue): value is { [name: string]: JsonValue } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function sameNumber(integer: bigint, number: number): boolean {
  return Number.isInteger(number) && BigInt(number) === integer;
}

/** The value in one row as it would lie in a column of the field's type. There must be one. */
export function rawAt(column: Column, row: number): Cell {
  const raw = column.values![row];
  return column.field.type === "bool" ? raw === 1 : raw;
}

/** A vehicle may send any text as json; what is none stays a string, so that a read can never fail on it. */
function jsonValue(text: string): JsonValue {
  try {
    return parseJson(text);
  } catch {
    return text;
  }
}

function exactInteger(value: bigint): JsonValue {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function sameType(column: Column, target: ColumnType): Fitting {
  const cells = { presence: column.presence, values: column.values! };
  if (target === "f64") return { cells: withoutInfinite(column), strays: undefined };
  if (target !== "i64") return { cells, strays: undefined };
  const values = column.values as BigInt64Array;
  return split(column, values, (row) => values[row] !== int64Min);
}

function withoutInfinite(column: Column): Cells {
  const values = column.values as Float64Array;
  const wild = (value: number, row: number) => column.presence[row] === 2 && !Number.isFinite(value);
  if (!values.some(wild)) return { presence: column.presence, values };
  return { presence: column.presence.map((state, row) => wild(values[row], row) ? 1 : state), values };
}

function wholeNumbers(column: Column): Fitting {
  const numbers = column.values as Float64Array;
  const fits = (row: number) => Number.isSafeInteger(numbers[row]) && !Object.is(numbers[row], -0);
  const values = BigInt64Array.from(numbers, (number) => Number.isSafeInteger(number) ? BigInt(number) : 0n);
  return split(column, values, fits);
}

function arraysAsJson(column: Column): Fitting {
  const values = Array.from(column.presence, (_, row) => stringifyJson(valueAt(column, row)));
  return { cells: { presence: column.presence, values }, strays: undefined };
}

function split(column: Column, values: Cells["values"], fits: (row: number) => boolean): Fitting {
  const strays = rowsOf(column).filter((row) => !fits(row));
  if (strays.length === 0) return { cells: { presence: column.presence, values }, strays: undefined };
  const presence = Uint8Array.from(column.presence);
  for (const row of strays) presence[row] = 0;
  return { cells: { presence, values }, strays };
}
