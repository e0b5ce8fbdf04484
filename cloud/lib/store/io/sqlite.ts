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
  type Tally,
  type TallyQuery,
} from "../backend.ts";
import { type FoundColumn, overflowTable } from "../catalog.ts";
import { type Cell, type ColumnType, keyColumns, overflowColumn } from "../mapping.ts";
import type { PlacedColumn, TableGrowth, TableRows } from "../plan.ts";
import {
  addColumn,
  type Bound,
  createTable,
  firstTables,
  insertRow,
  listColumns,
  selectDocuments,
  selectRows,
  tallyDocuments,
  typeOfDeclaration,
} from "../sqlite_text.ts";

/** Prepared statements kept: an insert and a select per table and set of columns in use, and some more. */
const statementsMax = 1_024;
/** How long a reader or writer waits for the other's lock. */
const busyTimeoutMs = 5_000;
/** Twice the default: rows of a hundred columns, clustered, need room in a page. */
const pageBytes = 8_192;

/** Rows as arrays are read three times as fast as objects; the runtime's types do not know of it. */
type ArrayStatement = StatementSync & { setReturnArrays(wanted: boolean): void };

/** Opens or makes the file. It is not touched before the first call, and a failed opening is tried again by the next. */
export function openSqlite(options: { readonly path: string }): Backend {
  return new SqliteBackend(options.path);
}

class SqliteBackend implements Backend {
  readonly rowsPerQuestion = 16;
  readonly #path: string;
  readonly #statements = new Map<string, StatementSync>();
  #opened: DatabaseSync | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  async check(): Promise<void> {
    await this.#use((database) => database.prepare("SELECT 1").get());
  }

  life(): Promise<string> {
    return Promise.resolve("durable");
  }

  /** In one transaction, so that of several processes each finds what the one before has made. */
  grow(growth: readonly TableGrowth[]): Promise<ReadonlyMap<string, readonly FoundColumn[]>> {
    return this.#use((database) => {
      database.exec("BEGIN IMMEDIATE");
      const found = new Map(growth.map((one) => [one.table, grow(database, one)]));
      database.exec("COMMIT");
      return found;
    });
  }

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
      const statement = this.#prepared(database, sql) as ArrayStatement;
      statement.setReadBigInts(true);
      statement.setReturnArrays(true);
      const types = selection.columns.map(({ type }) => type);
      return (statement.all(...bound) as unknown as Bound[][]).map((row) => storedRow(row, types));
    });
  }

  documents(kind: DocumentKind, prefix: string, page?: DocumentPage): Promise<Document[]> {
    return this.#use((database) => {
      const { sql, bound } = selectDocuments(kind, prefix, page);
      const statement = this.#prepared(database, sql);
      statement.setReadBigInts(true);
      const rows = statement.all(...bound) as unknown as { key: string; at: bigint; text: string }[];
      return rows.map(({ key, at, text }) => ({ kind, key, atNs: at, text }));
    });
  }

  tally(query: TallyQuery): Promise<Tally[]> {
    return this.#use((database) => {
      const { sql, bound } = tallyDocuments(query);
      const rows = database.prepare(sql).all(...bound).map((row) => Object.values(row));
      return rows.map((row) => ({ of: row.slice(0, -1).map(String), count: Number(row.at(-1)) }));
    });
  }

  async close(): Promise<void> {
    await this.#use(() => this.#discard());
  }

  #apply(database: DatabaseSync, { rows, documents }: Commit): void {
    for (const block of rows) this.#insert(database, block);
    const upsert = this.#prepared(database, upsertDocument);
    for (const { kind, key, atNs, text } of documents) upsert.run(kind, key, atNs, text);
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
    const kept = this.#statements.get(sql);
    if (kept !== undefined) return kept;
    if (this.#statements.size >= statementsMax) this.#statements.clear();
    const statement = database.prepare(sql);
    this.#statements.set(sql, statement);
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
    this.#statements.clear();
    this.#opened?.close();
    this.#opened = undefined;
  }
}

const upsertDocument = `INSERT INTO ${documentsTable} (kind, key, at, text) VALUES (?, ?, ?, ?) ` +
  "ON CONFLICT DO UPDATE SET text = excluded.text";

function openDatabase(path: string): DatabaseSync {
  const database = new DatabaseSync(path);
  database.exec(`PRAGMA busy_timeout = ${busyTimeoutMs}`);
  database.exec(`PRAGMA page_size = ${pageBytes}`);
  database.exec("PRAGMA journal_mode = WAL");
  database.exec("PRAGMA synchronous = FULL");
  for (const sql of firstTables) database.exec(sql);
  return database;
}

function grow(database: DatabaseSync, { table, isNew, columns }: TableGrowth): FoundColumn[] {
  if (isNew) database.exec(createTable(table));
  const there = new Set(columnsOf(database, table).map(({ column }) => column.toLowerCase()));
  for (const column of columns) if (!there.has(column.column.toLowerCase())) database.exec(addColumn(table, column));
  return columnsOf(database, table);
}

function columnsOf(database: DatabaseSync, table: string): FoundColumn[] {
  const rows = database.prepare(listColumns(table)).all() as { name: string; type: string }[];
  return rows.map(({ name, type }) => ({ column: name, type: typeOfDeclaration(type) }));
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
