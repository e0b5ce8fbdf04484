/**
 * SQL for SQLite. One table per stream, clustered by vehicle and time, so that a page of one vehicle lies together:
 *
 *     CREATE TABLE "telemetry" (vehicle_id TEXT, ts INTEGER, epoch INTEGER, class INTEGER, seq INTEGER, overflow TEXT,
 *       ..., PRIMARY KEY (vehicle_id, ts, epoch, class, seq)) WITHOUT ROWID
 */
import { type ClassNumber, classNumber } from "#proto/class.ts";
import {
  type DocumentKind,
  type DocumentPage,
  documentsTable,
  type MemberFilter,
  type Selection,
  type TallyQuery,
} from "./backend.ts";
import { type NewColumn, overflowTable } from "./catalog.ts";
import { type ColumnType, keyColumns, overflowColumn } from "./mapping.ts";

/** What a parameter can be. */
export type Bound = string | number | bigint | Uint8Array | null;

/** SQL and the values of its marks, in order. */
interface Statement {
  readonly sql: string;
  readonly bound: Bound[];
}

/**
 * Declared types, each of its own, so that a column tells its type; SQLite takes any word and goes by what is in it. See the
 * table in `mapping.ts` for the lack of one for doubles.
 */
const declared: Record<ColumnType, string> = {
  bool: "INTEGER_BOOL",
  f64: "",
  i64: "INTEGER",
  str: "TEXT",
  f64s: "BLOB",
  json: "TEXT_JSON",
};
const typesByDeclaration: ReadonlyMap<string, ColumnType> = new Map(
  Object.entries(declared).map(([type, text]) => [text, type as ColumnType]),
);

const keyDefinition =
  "ts INTEGER NOT NULL, vehicle_id TEXT NOT NULL, epoch INTEGER NOT NULL, class INTEGER NOT NULL, " +
  "seq INTEGER NOT NULL";

/** Tables that are there before any stream. */
export const firstTables: readonly string[] = [
  `CREATE TABLE IF NOT EXISTS ${documentsTable} (kind TEXT NOT NULL, key TEXT NOT NULL, at INTEGER NOT NULL, ` +
  "text TEXT NOT NULL, PRIMARY KEY (kind, key, at)) WITHOUT ROWID",
  `CREATE TABLE IF NOT EXISTS ${overflowTable} (${keyDefinition}, stream TEXT NOT NULL, ${overflowColumn} TEXT, ` +
  "PRIMARY KEY (vehicle_id, stream, ts, epoch, class, seq)) WITHOUT ROWID",
];

/** A table that has no fields yet. */
export function createTable(table: string): string {
  return `CREATE TABLE IF NOT EXISTS ${quoteName(table)} (${keyDefinition}, ${overflowColumn} TEXT, ` +
    "PRIMARY KEY (vehicle_id, ts, epoch, class, seq)) WITHOUT ROWID";
}

/** One column more. */
export function addColumn(table: string, { column, type }: NewColumn): string {
  return `ALTER TABLE ${quoteName(table)} ADD COLUMN ${quoteName(column)} ${declared[type]}`;
}

/** Names of a table's columns and their declared types. */
export function listColumns(table: string): string {
  return `SELECT name, type FROM pragma_table_info(${quoteText(table)})`;
}

/** The type of a column that was declared so; undefined when it is not one that we make. */
export function typeOfDeclaration(text: string): ColumnType | undefined {
  return typesByDeclaration.get(text);
}

/** Parameters: one per column, in order. What is stored already stays. */
export function insertRow(table: string, columns: readonly string[]): string {
  const marks = columns.map(() => "?").join(", ");
  return `INSERT OR IGNORE INTO ${quoteName(table)} (${columns.map(quoteName).join(", ")}) VALUES (${marks})`;
}

/** Columns of the answer: key, overflow, then those selected. */
export function selectRows(selection: Selection): Statement {
  const { bound, conditions } = conditionsOf(selection);
  const columns = [...keyColumns, overflowColumn, ...selection.columns.map(({ column }) => column)];
  const direction = selection.order === "ascending" ? "ASC" : "DESC";
  const order = ["ts", "epoch", "class", "seq"].map((column) => `${column} ${direction}`).join(", ");
  const sql = `SELECT ${columns.map(quoteName).join(", ")} FROM ${quoteName(selection.table)} ` +
    `WHERE ${conditions.join(" AND ")} ORDER BY ${order} LIMIT ?`;
  return { sql, bound: [...bound, selection.limit] };
}

/** Columns of the answer: key, at, text. */
export function selectDocuments(kind: DocumentKind, prefix: string, page?: DocumentPage): Statement {
  // The prefix is compared as it is: LIKE and GLOB would read signs into it. Both bounds are the index's, so a vehicle's
  // documents cost the same however many others there are.
  const conditions = ["kind = ?", "key >= ?", "key < ? || char(1114111)"];
  const bound: Bound[] = [kind, prefix, prefix];
  if (page?.after !== undefined) {
    conditions.push("(at, key) > (?, ?)");
    bound.push(page.after.atNs, page.after.key);
  }
  for (const filter of page?.where ?? []) {
    conditions.push(`${member(filter.member)} ${"above" in filter ? ">" : "="} ?`);
    bound.push(valueOf(filter));
  }
  const sql = `SELECT key, at, text FROM ${documentsTable} WHERE ${conditions.join(" AND ")} ORDER BY at, key LIMIT ?`;
  return { sql, bound: [...bound, page?.limit ?? -1] };
}

/** Columns of the answer: what they are alike in, then their count. */
export function tallyDocuments({ kind, members, after, limit }: TallyQuery): Statement {
  const alike = ["substr(key, 1, instr(key, '/') - 1)", ...members.map(member)];
  const places = alike.map((_, at) => `${at + 1}`).join(", ");
  const behind = after === undefined ? "" : ` HAVING (${alike.join(", ")}) > (${after.map(() => "?").join(", ")})`;
  const sql = `SELECT ${alike.join(", ")}, count(*) FROM ${documentsTable} WHERE kind = ? ` +
    `GROUP BY ${places}${behind} ORDER BY ${places} LIMIT ?`;
  return { sql, bound: [kind, ...after ?? [], limit] };
}

/** A member of a document's text. */
function member(name: string): string {
  return `json_extract(text, '$.${name}')`;
}

function valueOf(filter: MemberFilter): Bound {
  return "above" in filter ? filter.above : filter.equals;
}

/** A name inside SQL. Names come from the catalog only, which takes none with a quote; doubled all the same. */
function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

function conditionsOf({ vehicle, stream, fromNs, toNs, identity, after, order }: Selection) {
  const conditions = ["vehicle_id = ?", "ts >= ?", "ts <= ?"];
  const bound: Bound[] = [vehicle, fromNs, toNs];
  if (stream !== undefined) {
    conditions.push("stream = ?");
    bound.push(stream);
  }
  if (identity !== undefined) {
    conditions.push("epoch = ? AND class = ? AND seq >= ? AND seq <= ?");
    bound.push(identity.epoch, classNumber(identity.class), identity.first, identity.last);
  }
  if (after !== undefined) {
    conditions.push(`(ts, epoch, class, seq) ${order === "ascending" ? ">" : "<"} (?, ?, ?, ?)`);
    bound.push(after.ts, after.epoch, classNumber(after.class) satisfies ClassNumber, after.seq);
  }
  return { conditions, bound };
}
