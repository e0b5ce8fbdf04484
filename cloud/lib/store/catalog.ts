/**
 * The catalog: which stream lies in which table, which field in which column. It only grows. The writer keeps it in
 * memory and in the store beside the rows; readers read it there.
 */
import { parseStream, type StreamName } from "#proto/ids.ts";
import type { Field } from "#proto/shape.ts";
import { columnNameMax, columnsMax, overflowFieldsMax, overflowStreamsMax, streamsMax } from "./limits.ts";
import { type ColumnType, systemColumns } from "./mapping.ts";
import type { StreamInfo } from "./store.ts";

/** A field's place: a column, none yet (only nulls so far), or the overflow column. */
export type FieldPlace =
  | { readonly type: ColumnType; readonly column: string }
  | { readonly type: "null" | "overflow" };

/** One stream of the catalog. Plain and immutable; growth makes a new one. */
export interface StreamPlace {
  readonly stream: StreamName;
  readonly table: string;
  /** By field name, in the order of appearance. */
  readonly fields: ReadonlyMap<string, FieldPlace>;
  /** Strays counted by field name. */
  readonly overflowed: ReadonlyMap<string, number>;
}

/** Streams by name. */
export type Catalog = ReadonlyMap<StreamName, StreamPlace>;

/** A column that a table must get before rows with it can be written. */
export interface NewColumn {
  readonly column: string;
  readonly type: ColumnType;
}

/** Table of streams beyond the limit: every field of theirs is a stray. */
export const overflowTable = "_overflow";

/** Names that stores keep for themselves. A stream's name never begins with `_`, so what is put before is free. */
const reservedTables = /^(sqlite_.*|telemetry_config)$/;
/** What every store takes as a column's name. Other names can only come from a vehicle that breaks the rules. */
const columnPattern = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Place of a stream not seen before; undefined when the catalog can list no more. */
export function newStream(stream: StreamName, catalog: Catalog): StreamPlace | undefined {
  if (isFull(catalog)) return undefined;
  return { stream, table: tableFor(stream, catalog), fields: new Map(), overflowed: new Map() };
}

/** Whether no further stream can be listed. */
export function isFull(catalog: Catalog): boolean {
  return catalog.size >= streamsMax + overflowStreamsMax;
}

/** Place of a stream that the catalog does not list any more. */
export function unlistedStream(stream: StreamName): StreamPlace {
  return { stream, table: overflowTable, fields: new Map(), overflowed: new Map() };
}

/** The stream with a place for the field; the same object when it has one already. */
export function growStream(place: StreamPlace, { name: field, type }: Field): StreamPlace {
  const known = place.fields.get(field);
  if (known !== undefined && (known.type !== "null" || type === "null")) return place;
  const next = nextPlace(place, { name: field, type }, known !== undefined);
  return next === undefined ? place : { ...place, fields: new Map(place.fields).set(field, next) };
}

/** The stream with strays counted. */
export function countStrays(place: StreamPlace, counts: ReadonlyMap<string, number>): StreamPlace {
  const overflowed = new Map(place.overflowed);
  for (const [field, count] of counts) {
    const listed = overflowed.get(field);
    if (listed !== undefined || overflowed.size < overflowFieldsMax) overflowed.set(field, (listed ?? 0) + count);
  }
  return { ...place, overflowed };
}

/** Columns that `after` has and `before` lacks; all of them when the table is new. */
export function newColumns(before: StreamPlace | undefined, after: StreamPlace): NewColumn[] {
  const out: NewColumn[] = [];
  for (const [field, place] of after.fields) {
    const old = before?.fields.get(field);
    if ("column" in place && (old === undefined || !("column" in old))) out.push(place);
  }
  return out;
}

/** The catalog's text of a stream's table and fields. */
export function fieldsText(place: StreamPlace): string {
  const fields = Array.from(place.fields, ([field, at]) => [field, at.type, "column" in at ? at.column : null]);
  return JSON.stringify({ table: place.table, fields });
}

/** The catalog's text of a stream's stray counts. */
export function overflowedText(place: StreamPlace): string {
  return JSON.stringify(Object.fromEntries(place.overflowed));
}

/** Reads what {@link fieldsText} and {@link overflowedText} wrote. */
export function readStream(stream: string, texts: { fields: string; overflowed?: string }): StreamPlace {
  const { table, fields } = JSON.parse(texts.fields) as {
    table: string;
    fields: [string, ...PlaceText][];
  };
  return {
    stream: parseStream(stream),
    table,
    fields: new Map(fields.map(([field, ...at]) => [field, placeOf(at)])),
    overflowed: new Map(Object.entries(JSON.parse(texts.overflowed ?? "{}") as Record<string, number>)),
  };
}

/** What the store says about a stream. */
export function streamInfo(place: StreamPlace): StreamInfo {
  const fields = Array.from(place.fields, ([field, { type }]) => ({
    field,
    type,
    overflowed: place.overflowed.get(field) ?? 0,
  }));
  return { stream: place.stream, table: place.table, fields };
}

/** A field's place as it lies in the catalog's text: type and column. */
type PlaceText = [ColumnType, string] | ["null" | "overflow", null];

function placeOf([type, column]: PlaceText): FieldPlace {
  return column === null ? { type } : { type, column };
}

function tableFor(stream: StreamName, catalog: Catalog): string {
  const tables = Array.from(catalog.values()).filter((place) => place.table !== overflowTable).length;
  if (tables >= streamsMax) return overflowTable;
  return reservedTables.test(stream) ? `_${stream}` : stream;
}

function nextPlace(place: StreamPlace, { name: field, type }: Field, hasSlot: boolean): FieldPlace | undefined {
  if (place.table === overflowTable || !columnPattern.test(field)) return overflowPlace(place);
  const slots = Array.from(place.fields.values()).filter((at) => at.type !== "overflow").length;
  if (slots >= columnsMax && !hasSlot) return overflowPlace(place);
  return type === "null" ? { type } : { type, column: columnFor(place, field) };
}

function overflowPlace(place: StreamPlace): FieldPlace | undefined {
  return place.fields.size < columnsMax + overflowFieldsMax ? { type: "overflow" } : undefined;
}

/** Stores tell names apart without case, so `Mode` beside `mode` becomes `Mode_2`. */
function columnFor(place: StreamPlace, field: string): string {
  const taken = new Set(systemColumns);
  for (const at of place.fields.values()) if ("column" in at) taken.add(at.column.toLowerCase());
  for (let number = 1;; number++) {
    const suffix = number === 1 ? "" : `_${number}`;
    const column = field.slice(0, columnNameMax - suffix.length) + suffix;
    if (!taken.has(column.toLowerCase())) return column;
  }
}
