/**
 * A database in memory with the manners of the two real ones. Lazy (as QuestDB): commits show at once and reach the disk
 * some time later, table by table, so that a power cut takes the newest of each; a suspended table takes rows and does
 * not show them; the newest of two rows under one key stays. Durable (as SQLite): what was committed stays, and the
 * first of two rows.
 */
import type { SeededRandom } from "#proto/testing/random.ts";
import { type Document, type DocumentKind, documentsTable } from "#cloud/lib/store/backend.ts";
import type { FoundColumn, NewColumn } from "#cloud/lib/store/catalog.ts";
import type { Cell } from "#cloud/lib/store/mapping.ts";
import type { TableGrowth, TableRows } from "#cloud/lib/store/plan.ts";
import type { VirtualTime } from "./virtual_time.ts";

/** How a database keeps its word. */
export type DatabaseKind = "lazy" | "durable";

/** One stored row. */
export interface SimRow {
  readonly stream: string;
  readonly vehicle: string;
  readonly epoch: bigint;
  /** Number of the class. */
  readonly class: number;
  readonly seq: number;
  readonly ts: bigint;
  readonly cells: ReadonlyMap<string, Cell>;
  readonly overflow: string | null;
  readonly atMs: number;
}

/** What names the rows of one vehicle, epoch and class. */
export function seriesName(vehicle: string, epoch: bigint, options: { class: number }): string {
  return `${vehicle}/${epoch}/${options.class}`;
}

type Undo = () => void;

/** One table: rows by series and seq; several under one seq are several times. */
class Table {
  readonly series = new Map<string, Map<number, SimRow[]>>();
  /** What is not on the disk yet, oldest first. */
  unflushed: Undo[] = [];
  /** What a suspended table has taken. */
  waiting: (() => void)[] = [];
  isSuspended = false;
}

/** Settings of a {@link Database}. */
export interface DatabaseOptions {
  readonly kind: DatabaseKind;
  readonly time: VirtualTime;
  /** Rows are recognised as repeats for so long; for ever unless a bug is planted. */
  readonly recognizedMs?: number;
}

/** See the head of this file. */
export class Database {
  readonly kind: DatabaseKind;
  /** How many rows have shown so far. */
  inserted = 0;
  readonly #time: VirtualTime;
  readonly #recognizedMs: number;
  readonly #tables = new Map<string, Table>();
  readonly #documents = new Map<string, Document>();
  readonly #versions = new Map<DocumentKind, number>();
  readonly #columns = new Map<string, FoundColumn[]>();
  #cuts = 0;
  /** Rows that show, by series and seq. */
  readonly #shown = new Map<string, Map<number, number>>();

  constructor({ kind, time, recognizedMs }: DatabaseOptions) {
    this.kind = kind;
    this.#time = time;
    this.#recognizedMs = recognizedMs ?? Infinity;
  }

  /** Tells whether it may have forgotten something since it was asked before. */
  get life(): string {
    return this.kind === "lazy" ? `${this.#cuts}` : "always";
  }

  /** Makes what a table lacks; of two columns of one name the first stays. Returns all that there are then. */
  grow({ table, columns }: TableGrowth): readonly FoundColumn[] {
    const there = this.#columns.get(table) ?? [];
    this.#columns.set(table, there);
    const has = ({ column }: NewColumn) => there.some((one) => one.column.toLowerCase() === column.toLowerCase());
    for (const column of columns) if (!has(column)) there.push(column);
    return [...there];
  }

  /** How many rows a query sees of one record. */
  shown(series: string, seq: number): number {
    return this.#shown.get(series)?.get(seq) ?? 0;
  }

  /** All rows that a query sees. */
  *rows(): Iterable<SimRow> {
    for (const table of this.#tables.values()) {
      for (const bySeq of table.series.values()) for (const rows of bySeq.values()) yield* rows;
    }
  }

  /** Rows of one table and series, by seq. */
  rowsOf(table: string, series: string): ReadonlyMap<number, readonly SimRow[]> {
    return this.#tables.get(table)?.series.get(series) ?? new Map();
  }

  /** Names of the tables that hold rows. */
  tables(): string[] {
    return [...this.#tables.keys()].filter((name) => name !== documentsTable);
  }

  /** Rises with every change of the documents of a kind. */
  versionOf(kind: DocumentKind): number {
    return this.#versions.get(kind) ?? 0;
  }

  documents(): Iterable<Document> {
    return this.#documents.values();
  }

  isSuspended(table: string): boolean {
    return this.#tables.get(table)?.isSuspended === true;
  }

  suspend(table: string): void {
    this.#table(table).isSuspended = true;
  }

  /** The table goes on: what it took shows now. */
  resume(name: string): void {
    const table = this.#table(name);
    table.isSuspended = false;
    for (const apply of table.waiting.splice(0)) apply();
  }

  /** Takes rows of one table. */
  insert(rows: TableRows): void {
    const table = this.#table(rows.table);
    const apply = () => this.#apply(table, rows);
    if (table.isSuspended) table.waiting.push(apply);
    else apply();
  }

  keep(document: Document): void {
    const name = `${document.kind} ${document.key} ${document.atNs}`;
    const before = this.#documents.get(name);
    this.#documents.set(name, document);
    this.#versions.set(document.kind, this.versionOf(document.kind) + 1);
    this.#note(this.#table(documentsTable), () => {
      this.#versions.set(document.kind, this.versionOf(document.kind) + 1);
      if (before === undefined) this.#documents.delete(name);
      else this.#documents.set(name, before);
    });
  }

  /** The disk catches up with some of the tables. */
  flushSome(random: SeededRandom): void {
    for (const table of this.#tables.values()) if (random.fraction() < 0.4) table.unflushed = [];
  }

  /** The power goes: of what the disk has not, each table keeps a beginning. Returns how many changes are gone. */
  powerCut(random: SeededRandom): number {
    let lost = 0;
    this.#cuts++;
    for (const table of this.#tables.values()) {
      const kept = random.integer(0, table.unflushed.length);
      const gone = table.unflushed.splice(kept);
      lost += gone.length;
      for (const undo of gone.reverse()) undo();
      table.unflushed = [];
      if (this.kind === "lazy") table.waiting.splice(random.integer(0, table.waiting.length));
    }
    return lost;
  }

  #table(name: string): Table {
    const known = this.#tables.get(name);
    if (known !== undefined) return known;
    const table = new Table();
    this.#tables.set(name, table);
    return table;
  }

  #apply(table: Table, rows: TableRows): void {
    const name = seriesName(rows.vehicle, rows.epoch, rows);
    const bySeq = table.series.get(name) ?? new Map<number, SimRow[]>();
    table.series.set(name, bySeq);
    for (let at = 0; at < rows.seqs.length; at++) this.#put(table, bySeq, { name, row: this.#rowOf(rows, at) });
  }

  #put(table: Table, bySeq: Map<number, SimRow[]>, { name, row }: { name: string; row: SimRow }): void {
    const there = bySeq.get(row.seq) ?? [];
    const twin = there.findIndex((one) =>
      one.ts === row.ts && one.stream === row.stream && row.atMs - one.atMs <= this.#recognizedMs
    );
    if (twin >= 0 && this.kind === "durable") return;
    const before = there.slice();
    const after = twin < 0 ? [...there, row] : there.with(twin, row);
    const show = (rows: SimRow[]) => {
      if (rows.length === 0) bySeq.delete(row.seq);
      else bySeq.set(row.seq, rows);
    };
    show(after);
    this.#count(name, row.seq, { by: after.length - before.length });
    this.inserted += after.length - before.length;
    this.#note(table, () => {
      show(before);
      this.#count(name, row.seq, { by: before.length - after.length });
    });
  }

  #count(series: string, seq: number, { by }: { by: number }): void {
    if (by === 0) return;
    const counts = this.#shown.get(series) ?? new Map<number, number>();
    this.#shown.set(series, counts);
    counts.set(seq, (counts.get(seq) ?? 0) + by);
  }

  #note(table: Table, undo: Undo): void {
    if (this.kind === "lazy") table.unflushed.push(undo);
  }

  #rowOf(rows: TableRows, at: number): SimRow {
    const cells = new Map<string, Cell>();
    for (const { column, type, presence, values } of rows.columns) {
      if (presence[at] !== 2) continue;
      const value = values[at];
      cells.set(column, type === "bool" ? value === 1 : value);
    }
    const { stream, vehicle, epoch, class: number } = rows;
    return {
      stream,
      vehicle,
      epoch,
      class: number,
      seq: rows.seqs[at],
      ts: rows.ts[at],
      cells,
      overflow: rows.overflow?.[at] ?? null,
      atMs: this.#time.nowMs,
    };
  }
}
