/** Reads the rows of a rig's streams from the store itself, without the code of the cloud that wrote them. */
import { DatabaseSync } from "node:sqlite";
import { classes } from "#proto/class.ts";
import { type Layout, pathsOf } from "../../dev/layout.ts";
import type { SoakRow } from "../account.ts";
import { soakStreams } from "../frames.ts";
import { questRowsPerPage } from "../limits.ts";

/** Columns that are no fields. */
const keyColumns: ReadonlySet<string> = new Set(["ts", "vehicle_id", "epoch", "class", "seq"]);

type Cells = Readonly<Record<string, unknown>>;

/** Every row of a vehicle, in no order. */
export async function* storedRows(layout: Layout, vehicle: string): AsyncGenerator<SoakRow> {
  for (const stream of soakStreams) {
    const rows = layout.store === "sqlite"
      ? sqliteRows(pathsOf(layout.state).sqlite, { stream, vehicle })
      : questRows(layout.ports.questDb, { stream, vehicle });
    for await (const row of rows) yield rowOf(row, stream);
  }
}

/** A stream of which nothing was stored has no table: no rows. */
function* sqliteRows(path: string, { stream, vehicle }: { stream: string; vehicle: string }): Generator<Cells> {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name = ?");
    if (tables.get(stream) === undefined) return;
    const statement = database.prepare(`SELECT * FROM "${stream}" WHERE vehicle_id = ?`);
    statement.setReadBigInts(true);
    yield* statement.iterate(vehicle) as Iterable<Cells>;
  } finally {
    database.close();
  }
}

async function* questRows(port: number, { stream, vehicle }: { stream: string; vehicle: string }) {
  const tables = await questQuery(port, `SELECT name FROM wal_tables() WHERE name = '${stream}'`);
  if (tables.length === 0) return;
  const columns = await questQuery(port, `SELECT "column" FROM table_columns('${stream}')`);
  const names = columns.map(({ column }) => String(column));
  // JSON would round 64-bit numbers.
  const exact: Readonly<Record<string, string>> = {
    ts: "cast(cast(ts AS LONG) AS VARCHAR) ts",
    epoch: "cast(epoch AS VARCHAR) epoch",
  };
  const list = names.map((name) => exact[name] ?? `"${name}"`).join(", ");
  for (let first = 0;; first += questRowsPerPage) {
    const inner = `SELECT * FROM "${stream}" WHERE vehicle_id = '${vehicle}' LIMIT ${first}, ${
      first + questRowsPerPage
    }`;
    const rows = await questQuery(port, `SELECT ${list} FROM (${inner})`);
    yield* rows;
    if (rows.length < questRowsPerPage) return;
  }
}

async function questQuery(port: number, sql: string): Promise<Cells[]> {
  const response = await fetch(`http://127.0.0.1:${port}/exec?${new URLSearchParams({ query: sql })}`);
  const { columns, dataset, error } = await response.json() as {
    columns?: { name: string }[];
    dataset?: unknown[][];
    error?: string;
  };
  if (columns === undefined || dataset === undefined) throw new Error(`Cannot run ${sql}: ${error}`);
  return dataset.map((cells) => Object.fromEntries(cells.map((cell, at) => [columns[at].name, cell])));
}

function rowOf(cells: Cells, stream: string): SoakRow {
  const fields = Object.entries(cells).filter(([name, cell]) => !keyColumns.has(name) && cell !== null);
  return {
    stream,
    ts: String(cells.ts),
    epoch: String(cells.epoch),
    class: classes[Number(cells.class)],
    seq: Number(cells.seq),
    data: Object.fromEntries(fields.map(([name, cell]) => [name, valueOf(name, cell)])),
  };
}

/** Whole numbers come as bigint of SQLite; both stores keep a boolean as 0 or 1. */
function valueOf(name: string, cell: unknown): unknown {
  if (name === "even") return Number(cell) === 1;
  return typeof cell === "bigint" ? Number(cell) : cell;
}
