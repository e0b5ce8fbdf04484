/**
 * SQL for QuestDB. `/exec` takes no parameters, so values stand in the text: numbers, and texts that were parsed as ids or
 * come from the catalog; texts are quoted all the same.
 *
 *     CREATE TABLE "telemetry" (ts TIMESTAMP_NS, vehicle_id SYMBOL, epoch LONG, class BYTE, seq LONG, overflow VARCHAR, ...)
 *       TIMESTAMP(ts) PARTITION BY DAY WAL DEDUP UPSERT KEYS(ts, vehicle_id, epoch, class, seq)
 *
 * No TTL: it follows the wall clock, and old rows would be taken and vanish.
 */
import { classNumber } from "#proto/class.ts";
import {
  type Document,
  type DocumentKind,
  type DocumentPage,
  documentsTable,
  type MemberFilter,
  type Selection,
  type TallyQuery,
} from "./backend.ts";
import { type NewColumn, overflowTable } from "./catalog.ts";
import { type ColumnType, keyColumns, overflowColumn } from "./mapping.ts";

/** Each of its own, so that a column tells its type; hence STRING, which holds what VARCHAR does. */
const questTypes: Record<ColumnType, string> = {
  bool: "INT",
  f64: "DOUBLE",
  i64: "LONG",
  str: "VARCHAR",
  f64s: "DOUBLE[]",
  json: "STRING",
};
const typesByName: ReadonlyMap<string, ColumnType> = new Map(
  Object.entries(questTypes).map(([type, name]) => [name, type as ColumnType]),
);

const keyDefinition = "ts TIMESTAMP_NS, vehicle_id SYMBOL, epoch LONG, class BYTE, seq LONG";
const rowSuffix = `TIMESTAMP(ts) PARTITION BY DAY WAL DEDUP UPSERT KEYS(${keyColumns.join(", ")})`;

/** Tables that are there before any stream. */
export const firstQuestTables: readonly string[] = [
  `CREATE TABLE IF NOT EXISTS "${documentsTable}" (at TIMESTAMP_NS, kind SYMBOL, key VARCHAR, text VARCHAR) ` +
  "TIMESTAMP(at) PARTITION BY MONTH WAL DEDUP UPSERT KEYS(at, kind, key)",
  `CREATE TABLE IF NOT EXISTS "${overflowTable}" (${keyDefinition}, stream SYMBOL, ${overflowColumn} VARCHAR) ${rowSuffix}`,
];

/** A table with all its columns so far. */
export function createQuestTable(table: string, columns: readonly NewColumn[]): string {
  const added = columns.map(({ column, type }) => `, ${quoteName(column)} ${questTypes[type]}`).join("");
  return `CREATE TABLE IF NOT EXISTS ${
    quoteName(table)
  } (${keyDefinition}, ${overflowColumn} VARCHAR${added}) ${rowSuffix}`;
}

/** One column: a WAL table takes no more in one statement. Refused when there is one of that name with another type. */
export function addQuestColumn(table: string, { column, type }: NewColumn): string {
  return `ALTER TABLE ${quoteName(table)} ADD COLUMN IF NOT EXISTS ${quoteName(column)} ${questTypes[type]}`;
}

/** Names of a table's columns and their types; refused when there is no such table. */
export function listQuestColumns(table: string): string {
  return `SELECT "column", type FROM table_columns(${quoteText(table)})`;
}

/** The type of a column that QuestDB calls so; undefined when it is not one that we make. */
export function typeOfQuestName(name: string): ColumnType | undefined {
  return typesByName.get(name);
}

/**
 * Per table: name, suspended, writerTxn, sequencerTxn. Rows are queryable once the writer has reached the sequencer.
 * The only list that shows all of ours: `tables()` and `information_schema` hide a table named `telemetry`.
 */
export const questProgress = "SELECT name, suspended, writerTxn, sequencerTxn FROM wal_tables()";

/** When the server's process began. */
export const questStartTime = "SELECT pg_postmaster_start_time()";

/**
 * The time of the last row of a page. QuestDB reads in order of time without sorting, but not in order of the whole key, so
 * a page is cut in two steps: find the time where it ends, then sort the few rows up to there.
 */
export function selectLastTime(selection: Selection): string {
  const { table, order, limit } = selection;
  return `SELECT ${nanoseconds("ts")} FROM ${quoteName(table)} WHERE ${conditions(selection)} ` +
    `ORDER BY ts ${direction(order)} LIMIT ${limit - 1}, ${limit}`;
}

/** Columns of the answer: key without vehicle, overflow, then those selected. 64-bit integers come as text. */
export function selectQuestRows(selection: Selection): string {
  const columns = [nanoseconds("ts"), asText("epoch"), "class", asText("seq"), overflowColumn];
  for (const { column, type } of selection.columns) {
    columns.push(type === "i64" ? asText(quoteName(column)) : quoteName(column));
  }
  const order = ["ts", "epoch", "class", "seq"].map((column) => `${column} ${direction(selection.order)}`).join(", ");
  // The inner names must stay what ORDER BY means, so the casts are outside.
  return `SELECT ${columns.join(", ")} FROM (SELECT * FROM ${quoteName(selection.table)} ` +
    `WHERE ${conditions(selection)} ORDER BY ${order} LIMIT ${selection.limit})`;
}

/** Key, time and text of documents. */
export function selectQuestDocuments(kind: DocumentKind, prefix: string, page?: DocumentPage): string {
  const matches = prefix === "" ? "" : ` AND starts_with(key, ${quoteText(prefix)})`;
  const fitting = (page?.where ?? []).map((filter) => ` AND ${fits(filter)}`).join("");
  return `SELECT key, ${nanoseconds("at")}, text FROM "${documentsTable}" WHERE kind = ${quoteText(kind)}${matches}` +
    `${fitting}${page?.after === undefined ? "" : behind(page.after)} ORDER BY at, key` +
    (page === undefined ? "" : ` LIMIT ${page.limit}`);
}

/** Columns of the answer: what they are alike in, then their count. */
export function tallyQuestDocuments({ kind, members, after, limit }: TallyQuery): string {
  const alike = ["split_part(key, '/', 1)", ...members.map(member)];
  const names = alike.map((_, at) => `alike_${at}`);
  const columns = alike.map((column, at) => `${column} ${names[at]}`).join(", ");
  const where = after === undefined ? "" : ` WHERE ${isBehind(names, after)}`;
  return `SELECT * FROM (SELECT ${columns}, count() FROM "${documentsTable}" WHERE kind = ${quoteText(kind)})` +
    `${where} ORDER BY ${names.join(", ")} LIMIT ${limit}`;
}

/** QuestDB compares no tuples. */
function isBehind([name, ...names]: readonly string[], [text, ...texts]: readonly string[]): string {
  const quoted = quoteText(text);
  return names.length === 0
    ? `${name} > ${quoted}`
    : `(${name} > ${quoted} OR (${name} = ${quoted} AND ${isBehind(names, texts)}))`;
}

/** A member of a document's text. */
function member(name: string): string {
  return `cast(json_extract(text, '$.${name}') AS VARCHAR)`;
}

function fits(filter: MemberFilter): string {
  if ("equals" in filter) return `${member(filter.member)} = ${quoteText(filter.equals)}`;
  return `cast(json_extract(text, '$.${filter.member}') AS LONG) > ${filter.above}`;
}

function behind({ atNs, key }: Pick<Document, "atNs" | "key">): string {
  return ` AND at >= ${time(atNs)} AND (at > ${time(atNs)} OR key > ${quoteText(key)})`;
}

function conditions({ vehicle, stream, fromNs, toNs, identity, after, order }: Selection): string {
  const all = [`vehicle_id = ${quoteText(vehicle)}`, `ts >= ${time(fromNs)}`, `ts <= ${time(toNs)}`];
  if (stream !== undefined) all.push(`stream = ${quoteText(stream)}`);
  if (identity !== undefined) {
    const { epoch, class: name, first, last } = identity;
    all.push(`epoch = ${epoch} AND class = ${classNumber(name)} AND seq >= ${first} AND seq <= ${last}`);
  }
  if (after !== undefined) {
    const sign = order === "ascending" ? ">" : "<";
    const seq = `seq ${sign} ${after.seq}`;
    const classes = `(class ${sign} ${classNumber(after.class)} OR (class = ${classNumber(after.class)} AND ${seq}))`;
    const epochs = `(epoch ${sign} ${after.epoch} OR (epoch = ${after.epoch} AND ${classes}))`;
    all.push(`ts ${sign}= ${time(after.ts)} AND (ts ${sign} ${time(after.ts)} OR ${epochs})`);
  }
  return all.join(" AND ");
}

function direction(order: Selection["order"]): string {
  return order === "ascending" ? "ASC" : "DESC";
}

function time(ns: bigint): string {
  return `cast(${ns} AS TIMESTAMP_NS)`;
}

function nanoseconds(column: string): string {
  return asText(`cast(${column} AS LONG)`);
}

function asText(expression: string): string {
  return `cast(${expression} AS VARCHAR)`;
}

function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
