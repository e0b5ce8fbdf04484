/**
 * The catalog: which stream lies in which table, which field in which column. It only grows. Each writer keeps it in memory
 * and in the store beside the rows, as far as it knows it; readers read there what all of them know together.
 *
 * Writers never disagree about a column: of those that want it at the same time the database takes the first, and a
 * column's name and type tell what it is for ({@link adoptColumns}), so that the others learn it from there.
 */
import { parseStream, type StreamName } from "#proto/ids.ts";
import type { Field } from "#proto/shape.ts";
import { columnNameMax, columnsMax, overflowFieldsMax, overflowStreamsMax, streamsMax } from "./limits.ts";
import { type ColumnType, systemColumns } from "./mapping.ts";
import type { StreamInfo } from "./stream_info.ts";

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
  /** Columns of the table, in lower case, that serve no field: a writer made them and then had to take another's. */
  readonly idle: ReadonlySet<string>;
}

/** Streams by name. */
export type Catalog = ReadonlyMap<StreamName, StreamPlace>;

/** A column that a table must get before rows with it can be written. */
export interface NewColumn {
  readonly column: string;
  readonly type: ColumnType;
}

/** A column that a table has; without a type when it is none of those that we make. */
export interface FoundColumn {
  readonly column: string;
  readonly type: ColumnType | undefined;
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
  return emptyStream(stream, tableFor(stream, catalog));
}

/** Whether no further stream can be listed. */
export function isFull(catalog: Catalog): boolean {
  return catalog.size >= streamsMax + overflowStreamsMax;
}

/** Place of a stream that the catalog does not list any more. */
export function unlistedStream(stream: StreamName): StreamPlace {
  return emptyStream(stream, overflowTable);
}

/** A stream whose table is known and nothing else. */
export function emptyStream(stream: StreamName, table: string): StreamPlace {
  return { stream, table, fields: new Map(), overflowed: new Map(), idle: new Set() };
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

/** Reads what {@link fieldsText} wrote. */
export function readStream(stream: string, text: string): StreamPlace {
  const { table, fields } = JSON.parse(text) as {
    table: string;
    fields: [string, ...PlaceText][];
  };
  const places = fields.map(([field, ...at]) => [field, placeOf(at)] as const);
  return { ...emptyStream(parseStream(stream), table), fields: new Map(places) };
}

/** The stream with what {@link overflowedText} wrote added to its counts. */
export function addOverflowed(place: StreamPlace, text: string): StreamPlace {
  return countStrays(place, new Map(Object.entries(JSON.parse(text) as Record<string, number>)));
}

/** What two writers know of one stream, together. A column beats the overflow column, which beats none yet. */
export function mergeStreams(older: StreamPlace, newer: StreamPlace): StreamPlace {
  const fields = new Map(older.fields);
  for (const [field, place] of newer.fields) {
    const known = fields.get(field);
    if (known === undefined || rank(known) < rank(place)) fields.set(field, place);
  }
  // A table of its own that one of them made is where the other's next rows go too.
  return { ...older, table: older.table === overflowTable ? newer.table : older.table, fields };
}

/**
 * The stream with the columns that its table really has. A name is the field's, or the field's with `$2` and so on behind it,
 * which no field can be called, so a column tells its field; a type that is none of ours makes its field overflow.
 */
export function adoptColumns(place: StreamPlace, columns: readonly FoundColumn[]): StreamPlace {
  const fields = new Map(place.fields);
  const idle = new Set(place.idle);
  for (const { column, type } of columns) {
    if (systemColumns.includes(column.toLowerCase())) continue;
    const field = column.replace(/\$[0-9]+$/, "");
    const known = fields.get(field);
    if (known === undefined || !("column" in known)) {
      fields.set(field, type === undefined ? { type: "overflow" } : { type, column });
    } else if (known.column !== column) idle.add(column.toLowerCase());
  }
  return { ...place, fields, idle };
}

function rank(place: FieldPlace): number {
  return "column" in place ? 2 : place.type === "overflow" ? 1 : 0;
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
  if (type === "null") return { type };
  const column = columnFor(place, field);
  return column === undefined ? overflowPlace(place) : { type, column };
}

function overflowPlace(place: StreamPlace): FieldPlace | undefined {
  return place.fields.size < columnsMax + overflowFieldsMax ? { type: "overflow" } : undefined;
}

/** Stores tell names apart without case, so `Mode` beside `mode` becomes `Mode$2`; what gets too long that way gets none. */
function columnFor(place: StreamPlace, field: string): string | undefined {
  const taken = new Set([...systemColumns, ...place.idle]);
  for (const at of place.fields.values()) if ("column" in at) taken.add(at.column.toLowerCase());
  for (let number = 1;; number++) {
    const column = number === 1 ? field : `${field}$${number}`;
    if (column.length > columnNameMax) return undefined;
    if (!taken.has(column.toLowerCase())) return column;
  }
}
