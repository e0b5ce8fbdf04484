/**
 * The store of record: QuestDB 9.3 over its own protocols. Rows go in by `/write` in one request per commit; reads and
 * tables go by `/exec`.
 *
 * A 204 says that the rows are in the write-ahead log of each table, not that a query sees them, and a suspended table
 * answers 204 too. So a commit ends when `wal_tables()` shows that each table's writer has reached what was its
 * sequencer's place after the 204, or that the table is suspended.
 */
import { classes } from "#proto/class.ts";
import { asFault, Fault } from "#proto/errors.ts";
import { parseEpoch } from "#proto/ids.ts";
import type { Clock } from "#proto/ports.ts";
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
import type { FoundColumn, NewColumn } from "../catalog.ts";
import { encodeLines } from "../ilp.ts";
import type { Cell, ColumnType } from "../mapping.ts";
import type { TableGrowth } from "../plan.ts";
import {
  addQuestColumn,
  createQuestTable,
  firstQuestTables,
  listQuestColumns,
  questProgress,
  questStartTime,
  selectLastTime,
  selectQuestDocuments,
  selectQuestRows,
  tallyQuestDocuments,
  typeOfQuestName,
} from "../questdb_text.ts";

/** How long one request may take. */
const answerTimeoutMs = 30_000;
/** How long rows may take to become queryable. */
const visibleTimeoutMs = 30_000;
/** Pauses between looks at the progress: rows show after 7 ms mostly, so the first is short. */
const lookIntervalMinMs = 2;
const lookIntervalMaxMs = 50;
/** Tables made or altered at a time. */
const growthsAtOnce = 4;

/** Where QuestDB is, and time for waiting. */
export interface QuestDbOptions {
  /** Such as `http://127.0.0.1:9000`. */
  readonly url: string;
  /** Value of the Authorization header, when the server wants one. */
  readonly authorization?: string;
  readonly clock: Pick<Clock, "uptimeMs" | "after">;
}

/** A value in `/exec`'s answer. */
type ExecValue = null | boolean | number | string | (number | null)[];
type ExecRow = readonly ExecValue[];

/** Speaks to a server; nothing is sent before the first call. */
export function openQuestDb(options: QuestDbOptions): Backend {
  return new QuestDbBackend(options);
}

class QuestDbBackend implements Backend {
  readonly rowsPerQuestion = 1_000;
  readonly #options: QuestDbOptions;
  #ready: Promise<void> | undefined;

  constructor(options: QuestDbOptions) {
    this.#options = options;
  }

  async check(): Promise<void> {
    await this.#exec("SELECT 1");
  }

  async life(): Promise<string> {
    const [[startedAt]] = await this.#exec(questStartTime);
    return String(startedAt);
  }

  async grow(growth: readonly TableGrowth[]): Promise<ReadonlyMap<string, readonly FoundColumn[]>> {
    await this.#started();
    const made = new Map<string, NewColumn[]>();
    const refusals: unknown[] = [];
    await inTurns(growth, async (table) => {
      made.set(table.table, await this.#make(table, (refusal) => refusals.push(refusal)));
    });
    // What a table has shows only when its writer has made it; of a suspended one, what was taken for it counts.
    const suspended = await this.#visible(new Set(made.keys()));
    const found = new Map<string, FoundColumn[]>();
    await inTurns([...made], async ([table, columns]) => {
      const there = await this.#columnsOf(table);
      const missing = suspended.includes(table) ? columns.filter(({ column }) => !lists(there, column)) : [];
      found.set(table, [...there, ...missing]);
    });
    const lacks = growth.some(({ table, columns }) => columns.some(({ column }) => !lists(found.get(table)!, column)));
    if (lacks) throw refusals[0] ?? new Fault("store_failed", "Cannot see the columns that were made");
    return found;
  }

  async commit({ rows, documents }: Commit): Promise<{ suspended: readonly string[] }> {
    await this.#started();
    if (rows.length + documents.length === 0) return { suspended: [] };
    await this.#write(encodeLines(rows, documents));
    const tables = new Set(rows.map(({ table }) => table));
    if (documents.length > 0) tables.add(documentsTable);
    return { suspended: await this.#visible(tables) };
  }

  async select(selection: Selection): Promise<StoredRow[]> {
    try {
      return await this.#select(selection);
    } catch (fault) {
      // A reader may see the catalog before the table: what is not there yet has no values yet.
      const there = await this.#columnsOf(selection.table);
      if (there.length === 0) return [];
      if (selection.columns.every(({ column }) => lists(there, column))) throw fault;
      return await this.#selectFrom(selection, there);
    }
  }

  async documents(kind: DocumentKind, prefix: string, page?: DocumentPage): Promise<Document[]> {
    await this.#started();
    const rows = await this.#exec(selectQuestDocuments(kind, prefix, page));
    return rows.map(([key, at, text]) => ({ kind, key: String(key), atNs: BigInt(String(at)), text: String(text) }));
  }

  async tally(query: TallyQuery): Promise<Tally[]> {
    await this.#started();
    const rows = await this.#exec(tallyQuestDocuments(query));
    return rows.map((row) => ({ of: row.slice(0, -1).map(String), count: Number(row.at(-1)) }));
  }

  /** Requests stand alone; there is nothing to close. */
  async close(): Promise<void> {}

  #started(): Promise<void> {
    this.#ready ??= this.#createFirstTables();
    return this.#ready;
  }

  async #createFirstTables(): Promise<void> {
    try {
      for (const sql of firstQuestTables) await this.#exec(sql);
    } catch (fault) {
      this.#ready = undefined;
      throw fault;
    }
  }

  /** Asks for a table and its columns; returns those that were taken, which does not tell who was first with their names. */
  async #make({ table, isNew, columns }: TableGrowth, onRefusal: (fault: unknown) => void): Promise<NewColumn[]> {
    if (isNew) await this.#exec(createQuestTable(table, columns));
    const there = isNew ? await this.#columnsOf(table) : [];
    const taken: NewColumn[] = [];
    for (const column of columns.filter((wanted) => !lists(there, wanted.column))) {
      try {
        await this.#exec(addQuestColumn(table, column));
        taken.push(column);
      } catch (fault) {
        onRefusal(fault);
      }
    }
    return taken;
  }

  /** None when there is no such table. */
  async #columnsOf(table: string): Promise<FoundColumn[]> {
    const tables = await this.#exec(questProgress);
    if (!tables.some(([name]) => name === table)) return [];
    const rows = await this.#exec(listQuestColumns(table));
    return rows.map(([name, type]) => ({ column: String(name), type: typeOfQuestName(String(type)) }));
  }

  async #select(selection: Selection): Promise<StoredRow[]> {
    const [last] = await this.#exec(selectLastTime(selection));
    const end = last === undefined ? undefined : BigInt(String(last[0]));
    const bounded = end === undefined
      ? selection
      : selection.order === "ascending"
      ? { ...selection, toNs: end }
      : { ...selection, fromNs: end };
    const types = selection.columns.map(({ type }) => type);
    return (await this.#exec(selectQuestRows(bounded))).map((row) => storedRow(row, types));
  }

  async #selectFrom(selection: Selection, there: readonly FoundColumn[]): Promise<StoredRow[]> {
    const columns = selection.columns.filter(({ column }) => lists(there, column));
    const rows = await this.#select({ ...selection, columns });
    const places = selection.columns.map((column) => columns.indexOf(column));
    return rows.map((row) => ({ ...row, cells: places.map((at) => at === -1 ? null : row.cells[at]) }));
  }

  /** Waits until all tables show what they hold now; returns those that are suspended. */
  async #visible(tables: ReadonlySet<string>): Promise<string[]> {
    const { clock } = this.#options;
    const deadlineMs = clock.uptimeMs() + visibleTimeoutMs;
    const goals = new Map<string, number>();
    for (let pauseMs = lookIntervalMinMs;; pauseMs = Math.min(pauseMs * 2, lookIntervalMaxMs)) {
      const progress = (await this.#exec(questProgress)).filter(([name]) => tables.has(String(name))).map(readProgress);
      for (const { name, sequencer } of progress) if (!goals.has(name)) goals.set(name, sequencer);
      const waiting = progress.filter(({ name, suspended, writer }) => !suspended && writer < goals.get(name)!);
      if (waiting.length === 0) return progress.filter(({ suspended }) => suspended).map(({ name }) => name);
      if (clock.uptimeMs() > deadlineMs) {
        const message = `Cannot see rows of table "${waiting[0].name}": not applied after ${visibleTimeoutMs} ms`;
        throw new Fault("store_failed", message);
      }
      await clock.after(pauseMs);
    }
  }

  async #write(body: Uint8Array<ArrayBuffer>): Promise<void> {
    const answer = await this.#fetch("/write?precision=n", { method: "POST", body });
    const text = await answer.text();
    if (!answer.ok) throw refused("write rows", answer.status, text);
  }

  async #exec(sql: string): Promise<readonly ExecRow[]> {
    const answer = await this.#fetch(`/exec?${new URLSearchParams({ query: sql, nm: "true" })}`, {});
    const text = await answer.text();
    if (!answer.ok) throw refused(`run ${sql.slice(0, 80)}`, answer.status, text);
    // It escapes all control characters but this one.
    const { dataset } = JSON.parse(text.replaceAll("\0", "\\u0000")) as { dataset?: ExecRow[] };
    return dataset ?? [];
  }

  async #fetch(path: string, request: RequestInit): Promise<Response> {
    const { url, authorization } = this.#options;
    const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
    try {
      return await fetch(new URL(path, url), { ...request, headers, signal: AbortSignal.timeout(answerTimeoutMs) });
    } catch (thrown) {
      throw asFault(thrown, "store_failed");
    }
  }
}

function refused(action: string, status: number, text: string): Fault {
  return new Fault("store_failed", `Cannot ${action}: QuestDB answers ${status}, ${text.slice(0, 300)}`);
}

function lists(columns: readonly FoundColumn[], name: string): boolean {
  return columns.some(({ column }) => column.toLowerCase() === name.toLowerCase());
}

function readProgress([name, suspended, writer, sequencer]: ExecRow) {
  return { name: String(name), suspended: suspended === true, writer: Number(writer), sequencer: Number(sequencer) };
}

async function inTurns<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  for (let at = 0; at < items.length; at += growthsAtOnce) {
    await Promise.all(items.slice(at, at + growthsAtOnce).map(work));
  }
}

function storedRow([ts, epoch, classAt, seq, overflow, ...cells]: ExecRow, types: readonly ColumnType[]): StoredRow {
  return {
    key: {
      ts: BigInt(String(ts)),
      epoch: parseEpoch(epoch),
      class: classes[Number(classAt)],
      seq: Number(seq),
    },
    overflow: overflow === null ? null : String(overflow),
    cells: cells.map((value, at) => readCell(value, types[at])),
  };
}

function readCell(value: ExecValue, type: ColumnType): Cell {
  if (value === null) return null;
  if (type === "bool") return value === 1;
  if (type === "i64") return BigInt(String(value));
  return Array.isArray(value) ? Float64Array.from(value, (element) => element ?? NaN) : value;
}
