/** The store's narrow port over a {@link Database} as one ingest sees it: with delays, outages and rows that it refuses. */
import { classes, classNumber } from "#proto/class.ts";
import { Fault } from "#proto/errors.ts";
import type { Epoch } from "#proto/ids.ts";
import type { SeededRandom } from "#proto/testing/random.ts";
import {
  type Backend,
  type Commit,
  type Document,
  documentsTable,
  type MemberFilter,
  type Selection,
  type StoredRow,
  type Tally,
  type TallyQuery,
} from "#cloud/lib/store/backend.ts";
import type { FoundColumn } from "#cloud/lib/store/catalog.ts";
import type { TableGrowth, TableRows } from "#cloud/lib/store/plan.ts";
import { type Database, seriesName, type SimRow } from "./database.ts";
import type { Life } from "./machine.ts";

/** What the way to the database, and the database, do to calls. May be changed at any time. */
export interface StoreConditions {
  delayMs: { min: number; max: number };
  isAway: boolean;
  /** Part of the commits that are carried out and answered by a failure. */
  unanswered: number;
}

/** What a store tells of. */
export interface StoreEvents {
  failed(): void;
  unanswered(): void;
  refused(): void;
  suspended(): void;
  /** Rows of a commit show, or wait in a suspended table. */
  committed(commit: Commit): void;
}

/** A store in good order. */
export function goodStore(): StoreConditions {
  return { delayMs: { min: 1, max: 12 }, isAway: false, unanswered: 0 };
}

/** Field whose rows the database does not take: something that only a fix of the store helps against. */
export const poisonField = "poison";

/** What {@link memoryBackend} is made of. */
export interface MemoryBackendOptions {
  readonly life: Life;
  readonly database: Database;
  readonly conditions: StoreConditions;
  readonly random: SeededRandom;
  readonly events: StoreEvents;
}

/** Makes the port. */
export function memoryBackend(options: MemoryBackendOptions): Backend {
  return new MemoryBackend(options);
}

class MemoryBackend implements Backend {
  readonly rowsPerQuestion = 100;
  readonly #options: MemoryBackendOptions;

  constructor(options: MemoryBackendOptions) {
    this.#options = options;
  }

  async check(): Promise<void> {
    await this.#arrive();
  }

  async life(): Promise<string> {
    await this.#arrive();
    return this.#options.database.life;
  }

  async grow(growth: readonly TableGrowth[]): Promise<ReadonlyMap<string, readonly FoundColumn[]>> {
    await this.#arrive();
    return new Map(growth.map((one) => [one.table, this.#options.database.grow(one)]));
  }

  async commit(commit: Commit): Promise<{ suspended: readonly string[] }> {
    const { database, conditions, random, events } = this.#options;
    await this.#arrive();
    if (commit.rows.some(isPoisoned)) {
      events.refused();
      throw new Fault("store_failed", "Cannot write rows: the database does not take one of them");
    }
    for (const document of commit.documents) database.keep(document);
    for (const rows of commit.rows) database.insert(rows);
    events.committed(commit);
    if (conditions.unanswered > 0 && random.fraction() < conditions.unanswered) {
      events.unanswered();
      throw new Fault("store_failed", "Cannot write rows: the connection ended before an answer came");
    }
    const tables = new Set(commit.rows.map(({ table }) => table));
    if (commit.documents.length > 0) tables.add(documentsTable);
    const suspended = [...tables].filter((table) => database.isSuspended(table));
    if (suspended.length > 0) events.suspended();
    await this.#pause();
    return { suspended };
  }

  async select(selection: Selection): Promise<StoredRow[]> {
    await this.#arrive();
    const rows = this.#candidates(selection)
      .filter((row) => row.ts >= selection.fromNs && row.ts <= selection.toNs)
      .filter(({ stream }) => selection.stream === undefined || stream === selection.stream)
      .sort(compareKeys);
    if (selection.order === "descending") rows.reverse();
    const { after } = selection;
    const isBehind = (row: SimRow) => {
      const order = compareKeys(row, { ...after!, class: classNumber(after!.class) });
      return selection.order === "ascending" ? order > 0 : order < 0;
    };
    const behind = after === undefined ? rows : rows.filter(isBehind);
    return behind.slice(0, selection.limit).map((row) => storedRow(row, selection));
  }

  async documents(...[kind, prefix, page]: Parameters<Backend["documents"]>): Promise<Document[]> {
    await this.#arrive();
    const found: Document[] = [];
    for (const one of this.#options.database.documents()) {
      if (one.kind === kind && one.key.startsWith(prefix) && fits(one, page?.where ?? [])) found.push(one);
    }
    found.sort(compareDocuments);
    const { after, limit } = page ?? {};
    const behind = after === undefined ? found : found.filter((one) => compareDocuments(one, after) > 0);
    return limit === undefined ? behind : behind.slice(0, limit);
  }

  async tally({ kind, members, after, limit }: TallyQuery): Promise<Tally[]> {
    await this.#arrive();
    const alike = (one: Document) => {
      const text = JSON.parse(one.text);
      return [one.key.slice(0, one.key.indexOf("/")), ...members.map((member) => String(text[member]))];
    };
    const found = [...this.#options.database.documents()].filter((one) => one.kind === kind).map(alike);
    const groups = [...Map.groupBy(found, (of) => JSON.stringify(of)).values()].map((all) => ({ all, of: all[0] }));
    groups.sort((a, b) => compareTexts(a.of, b.of));
    const behind = after === undefined ? groups : groups.filter(({ of }) => compareTexts(of, after) > 0);
    return behind.slice(0, limit).map(({ all, of }) => ({ of, count: all.length }));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** The call reaches the database; a process that ended meanwhile reaches nothing. */
  async #arrive(): Promise<void> {
    const { conditions, events } = this.#options;
    await this.#pause();
    if (!conditions.isAway) return;
    events.failed();
    throw new Fault("store_failed", "Cannot reach the store: no answer");
  }

  #pause(): Promise<void> {
    const { life, conditions: { delayMs }, random } = this.#options;
    return life.after(delayMs.min + random.fraction() * (delayMs.max - delayMs.min));
  }

  #candidates({ table, vehicle, identity }: Selection): SimRow[] {
    const { database } = this.#options;
    if (identity === undefined) {
      return [...database.rows()].filter((row) => row.vehicle === vehicle && tableOf(row, database) === table);
    }
    const series = seriesName(vehicle, identity.epoch, { class: classNumber(identity.class) });
    const bySeq = database.rowsOf(table, series);
    const rows: SimRow[] = [];
    for (let seq = identity.first; seq <= identity.last; seq++) rows.push(...bySeq.get(seq) ?? []);
    return rows;
  }
}

function fits({ text }: Document, filters: readonly MemberFilter[]): boolean {
  if (filters.length === 0) return true;
  const members = JSON.parse(text);
  return filters.every((filter) =>
    "above" in filter ? members[filter.member] > filter.above : members[filter.member] === filter.equals
  );
}

function compareTexts(a: readonly string[], b: readonly string[]): number {
  const at = a.findIndex((text, place) => text !== b[place]);
  return at < 0 ? 0 : a[at] < b[at] ? -1 : 1;
}

function isPoisoned({ columns }: TableRows): boolean {
  return columns.some(({ column, presence }) => column === poisonField && presence.includes(2));
}

function tableOf(row: SimRow, database: Database): string | undefined {
  const series = seriesName(row.vehicle, row.epoch, row);
  return database.tables().find((table) => database.rowsOf(table, series).get(row.seq)?.includes(row));
}

type Key = Pick<SimRow, "ts" | "epoch" | "class" | "seq">;

function compareKeys(a: Key, b: Key): number {
  if (a.ts !== b.ts) return a.ts < b.ts ? -1 : 1;
  if (a.epoch !== b.epoch) return a.epoch < b.epoch ? -1 : 1;
  return a.class - b.class || a.seq - b.seq;
}

function compareDocuments(a: Pick<Document, "atNs" | "key">, b: Pick<Document, "atNs" | "key">): number {
  if (a.atNs !== b.atNs) return a.atNs < b.atNs ? -1 : 1;
  return a.key < b.key ? -1 : a.key > b.key ? 1 : 0;
}

function storedRow(row: SimRow, { columns }: Selection): StoredRow {
  return {
    key: { ts: row.ts, epoch: row.epoch as Epoch, class: classes[row.class], seq: row.seq },
    overflow: row.overflow,
    cells: columns.map(({ column }) => row.cells.get(column) ?? null),
  };
}
