/**
 * The embedded store: one SQLite file by `node:sqlite`, for machines without QuestDB. A commit is one transaction and
 * durable when it returns (WAL, synchronous FULL), so what was acknowledged survives a power cut.
 *
 * Calls are synchronous underneath: the writer belongs into a worker of its own.
 */
import { Buffer } from "node:buffer";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { classes } from "#proto/class.ts";
import { asFault } from "#proto/errors.ts";
import { parseEpoch } from "#proto/ids.ts";
import {
  type Backend,
  type Commit,
  type Document,
  type DocumentKind,
  type DocumentPage,
  documentsTable,
  type Selection,
  type StoredRow,
} from "../backend.ts";
import { overflowTable } from "../catalog.ts";
import { type Cell, type ColumnType, keyColumns, overflowColumn } from "../mapping.ts";
import type { PlacedColumn, TableGrowth, TableRows } from "../plan.ts";
import { addColumn, type Bound, createTable, firstTables, insertRow, selectRows } from "../sqlite_text.ts";

/** Prepared inserts kept: one per table and set of columns in use. */
const insertsMax = 512;
/** How long a reader or writer waits for the other's lock. */
const busyTimeoutMs = 5_000;
/** Twice the default: rows of a hundred columns, clustered, need room in a page. */
const pageBytes = 8_192;

/** Opens or makes the file. It is not touched before the first call, and a failed opening is tried again by the next. */
export function openSqlite(options: { readonly path: string }): Backend {
  return new SqliteBackend(options.path);
}

class SqliteBackend implements Backend {
  readonly #path: string;
  readonly #inserts = new Map<string, StatementSync>();
  #opened: DatabaseSync | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  async check(): Promise<void> {
    await this.#use((database) => database.prepare("SELECT 1").get());
  }

  /** Nothing to do: a commit happens whole or not at all. */
  async repair(): Promise<void> {}

  async commit(commit: Commit): Promise<{ suspended: readonly string[] }> {
    await this.#use((database) => {
      database.exec("BEGIN IMMEDIATE");
      this.#apply(database, commit);
      database.exec("COMMIT");
    });
    return { suspended: [] };
  }

  select(selection: Selection): Promise<StoredRow[]> {
    return this.#use((database) => {
      const { sql, bound } = selectRows(selection);
      const statement = database.prepare(sql);
      statement.setReadBigInts(true);
      const types = selection.columns.map(({ type }) => type);
      return statement.all(...bound).map((row) => storedRow(Object.values(row) as Bound[], types));
    });
  }

  documents(kind: DocumentKind, prefix: string, page?: DocumentPage): Promise<Document[]> {
    return this.#use((database) => {
      const statement = database.prepare(selectDocuments);
      statement.setReadBigInts(true);
      const { atNs, key } = page?.after ?? { atNs: -1n, key: "" };
      const bound = { kind, prefix, at: atNs, key, limit: page?.limit ?? -1 };
      const rows = statement.all(bound) as unknown as { key: string; at: bigint; text: string }[];
      return rows.map(({ key, at, text }) => ({ kind, key, atNs: at, text }));
    });
  }

  async close(): Promise<void> {
    await this.#use(() => this.#discard());
  }

  #apply(database: DatabaseSync, { catalog, growth, rows, documents }: Commit): void {
    for (const table of growth) grow(database, table);
    for (const block of rows) this.#insert(database, block);
    const upsert = this.#prepared(database, upsertDocument);
    for (const { kind, key, atNs, text } of [...catalog, ...documents]) upsert.run(kind, key, atNs, text);
  }

  #insert(database: DatabaseSync, rows: TableRows): void {
    const names = columnNames(rows);
    const statement = this.#prepared(database, insertRow(rows.table, names));
    const parts = rows.columns.map((part) => ({ ...part, at: names.indexOf(part.column), bind: binder(part) }));
    const { overflow } = rows;
    const inOverflowTable = rows.table === overflowTable;
    const bound = new Array<Bound>(names.length);
    for (let row = 0; row < rows.seqs.length; row++) {
      bound.fill(null);
      bound[0] = rows.ts[row];
      bound[1] = rows.vehicle;
      bound[2] = rows.epoch;
      bound[3] = rows.class;
      bound[4] = rows.seqs[row];
      if (inOverflowTable) bound[5] = rows.stream;
      if (overflow !== undefined) bound[names.indexOf(overflowColumn)] = overflow[row] ?? null;
      for (const { at, presence, bind } of parts) if (presence[row] === 2) bound[at] = bind(row);
      statement.run(...bound);
    }
  }

  #prepared(database: DatabaseSync, sql: string): StatementSync {
    const kept = this.#inserts.get(sql);
    if (kept !== undefined) return kept;
    if (this.#inserts.size >= insertsMax) this.#inserts.clear();
    const statement = database.prepare(sql);
    this.#inserts.set(sql, statement);
    return statement;
  }

  /** After a failure the connection is given up, transaction and all: the next call begins with a fresh one. */
  #use<T>(work: (database: DatabaseSync) => T): Promise<T> {
    try {
      this.#opened ??= openDatabase(this.#path);
      return Promise.resolve(work(this.#opened));
    } catch (thrown) {
      this.#discard();
      return Promise.reject(asFault(thrown, "store_failed"));
    }
  }

  #discard(): void {
    this.#inserts.clear();
    this.#opened?.close();
    this.#opened = undefined;
  }
}

const upsertDocument = `INSERT INTO ${documentsTable} (kind, key, at, text) VALUES (?, ?, ?, ?) ` +
  "ON CONFLICT DO UPDATE SET text = excluded.text";
/**
 * The prefix is compared as it is: LIKE and GLOB would read signs into it. Both bounds are the index's, so a vehicle's
 * documents cost the same however many others there are. No document is older than 1970.
 */
const selectDocuments = `SELECT key, at, text FROM ${documentsTable} ` +
  "WHERE kind = :kind AND key >= :prefix AND key < :prefix || char(1114111) " +
  "AND (at, key) > (:at, :key) ORDER BY at, key LIMIT :limit";

function openDatabase(path: string): DatabaseSync {
  const database = new DatabaseSync(path);
  database.exec(`PRAGMA busy_timeout = ${busyTimeoutMs}`);
  database.exec(`PRAGMA page_size = ${pageBytes}`);
  database.exec("PRAGMA journal_mode = WAL");
  database.exec("PRAGMA synchronous = FULL");
  for (const sql of firstTables) database.exec(sql);
  return database;
}

function grow(database: DatabaseSync, { table, isNew, columns }: TableGrowth): void {
  if (isNew) database.exec(createTable(table));
  for (const column of columns) database.exec(addColumn(table, column));
}

/** Columns of an insert; the first ones in the order in which rows are filled. */
function columnNames(rows: TableRows): string[] {
  const parts = rows.columns.map(({ column }) => column);
  const strays = rows.overflow === undefined ? [] : [overflowColumn];
  const stream = rows.table === overflowTable ? ["stream"] : [];
  return [...keyColumns, ...stream, ...strays, ...new Set(parts)];
}

/** How a column's values are bound: see the table in `mapping.ts`. */
function binder({ type, values }: PlacedColumn): (row: number) => Bound {
  switch (type) {
    case "str":
    case "json":
      return (row) => text((values as string[])[row]);
    case "f64s":
      return (row) => bytesOf((values as Float64Array[])[row]);
    default:
      return (row) => (values as Uint8Array | Float64Array | BigInt64Array)[row];
  }
}

/** SQLite's text ends at a NUL, so such a text is kept as bytes. */
function text(value: string): Bound {
  return value.includes("\0") ? Buffer.from(value) : value;
}

/** Little endian, as all machines that Deno runs on. */
function bytesOf(doubles: Float64Array): Uint8Array {
  return new Uint8Array(doubles.buffer, doubles.byteOffset, doubles.byteLength);
}

function storedRow(row: readonly Bound[], types: readonly ColumnType[]): StoredRow {
  const [ts, , epoch, classAt, seq, overflow, ...cells] = row;
  return {
    key: { ts: ts as bigint, epoch: parseEpoch(epoch), class: classes[Number(classAt)], seq: Number(seq) },
    overflow: overflow as string | null,
    cells: cells.map((cell, at) => readCell(cell, types[at])),
  };
}

function readCell(cell: Bound, type: ColumnType): Cell {
  if (cell === null) return null;
  if (type === "bool") return cell === 1n;
  if (!(cell instanceof Uint8Array)) return cell;
  return type === "f64s" ? new Float64Array(cell.slice().buffer) : Buffer.from(cell).toString();
}
