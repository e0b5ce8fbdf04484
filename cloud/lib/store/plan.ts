/** Plans a write: which tables must grow, and which cells go where. Pure; the stores carry it out. */
import type { Column } from "#proto/batch.ts";
import { type ClassNumber, classNumber } from "#proto/class.ts";
import type { Epoch, StreamName, VehicleId } from "#proto/ids.ts";
import type { JsonValue } from "#proto/json.ts";
import { normalize, type Ranges } from "#proto/ranges.ts";
import {
  adoptColumns,
  type Catalog,
  countStrays,
  emptyStream,
  type FieldPlace,
  type FoundColumn,
  growStream,
  type NewColumn,
  newColumns,
  newStream,
  overflowTable,
  type StreamPlace,
  unlistedStream,
} from "./catalog.ts";
import { storedNsMax, storedNsMin } from "./limits.ts";
import { type Cells, type ColumnType, fitCells, hasValues, overflowText, rowsOf, valueAt } from "./mapping.ts";
import type { RowBlock } from "./rows.ts";

/** Rows for one table, column by column, dense by row. */
export interface TableRows {
  readonly table: string;
  readonly stream: StreamName;
  readonly vehicle: VehicleId;
  readonly epoch: Epoch;
  readonly class: ClassNumber;
  /** Nanoseconds since 1970, UTC, the epoch's offset applied. */
  readonly ts: BigInt64Array;
  readonly seqs: Float64Array;
  /** One column may come in parts: no row has a value in two of them. */
  readonly columns: readonly PlacedColumn[];
  /** Texts of the overflow column; undefined when no row has any. */
  readonly overflow: readonly (string | undefined)[] | undefined;
}

/** Cells of one column of a table. */
export interface PlacedColumn extends Cells {
  readonly column: string;
  readonly type: ColumnType;
}

/** A table to make, or columns to add to it. */
export interface TableGrowth {
  readonly table: string;
  readonly isNew: boolean;
  readonly columns: readonly NewColumn[];
}

/** All that one write does. */
export interface WritePlan {
  readonly growth: readonly TableGrowth[];
  /** The catalog after the write. */
  readonly catalog: Catalog;
  readonly rows: readonly TableRows[];
}

/** Rows of a block that can never be stored. */
export interface Unstorable {
  /** Of the first one, for people. */
  readonly why: string;
  readonly ranges: Ranges;
}

/** Finds the rows that can never be stored: those with a time outside of what tables take. Undefined when all can. */
export function findUnstorable(
  { block, clockOffsetNs }: Pick<RowBlock, "block" | "clockOffsetNs">,
): Unstorable | undefined {
  const [least, most] = [storedNsMin - clockOffsetNs, storedNsMax - clockOffsetNs];
  const isWild = (ts: bigint) => ts < least || ts > most;
  const first = block.ts.findIndex(isWild);
  if (first === -1) return undefined;
  const seqs = Array.from(block.seqs).filter((_, row) => isWild(block.ts[row]));
  return {
    why: `time ${block.ts[first] + clockOffsetNs} is outside of ${storedNsMin} to ${storedNsMax}`,
    ranges: normalize(seqs.map((seq) => ({ first: seq, last: seq }))),
  };
}

/** Plans the write of blocks that are all storable. */
export function planWrite(before: Catalog, blocks: readonly RowBlock[]): WritePlan {
  const catalog = new Map(before);
  const rows = blocks.map((block) => planBlock(block, catalog));
  const changed = Array.from(catalog.values()).filter((place) => before.get(place.stream) !== place);
  return {
    growth: changed.map((place) => growthOf(before.get(place.stream), place)).filter(isGrowth),
    catalog,
    rows,
  };
}

/**
 * The catalog with the columns that the grown tables really have, for another writer may have been first. Planned on it once
 * more, a write that lost a column finds another place for its values.
 */
export function adoptGrowth(
  before: Catalog,
  { planned, found }: { planned: Catalog; found: ReadonlyMap<string, readonly FoundColumn[]> },
): Catalog {
  const adopted = new Map(before);
  for (const { stream, table } of planned.values()) {
    const columns = found.get(table);
    if (columns === undefined) continue;
    adopted.set(stream, adoptColumns(before.get(stream) ?? emptyStream(stream, table), columns));
  }
  return adopted;
}

/** The tables and columns of a whole catalog, for a store that may have lost some on the way. */
export function growthOfAll(catalog: Catalog): TableGrowth[] {
  return Array.from(catalog.values(), (place) => growthOf(undefined, place)).filter(isGrowth);
}

function growthOf(before: StreamPlace | undefined, after: StreamPlace): TableGrowth {
  return { table: after.table, isNew: before === undefined, columns: newColumns(before, after) };
}

function isGrowth(growth: TableGrowth): boolean {
  return growth.table !== overflowTable && (growth.isNew || growth.columns.length > 0);
}

function planBlock(block: RowBlock, catalog: Map<StreamName, StreamPlace>): TableRows {
  const { shape, columns, seqs, ts } = block.block;
  const known = catalog.get(shape.stream) ?? newStream(shape.stream, catalog);
  const place = columns.reduce(growForColumn, known ?? unlistedStream(shape.stream));
  const strays = new Strays();
  const placed = placeColumns(columns, place, strays);
  if (known !== undefined) {
    catalog.set(shape.stream, strays.counts.size === 0 ? place : countStrays(place, strays.counts));
  }
  return {
    table: place.table,
    stream: shape.stream,
    vehicle: block.vehicle,
    epoch: block.epoch,
    class: classNumber(block.class),
    ts: block.clockOffsetNs === 0n ? ts : ts.map((time) => time + block.clockOffsetNs),
    seqs,
    columns: placed,
    overflow: strays.texts(seqs.length),
  };
}

function growForColumn(place: StreamPlace, column: Column): StreamPlace {
  return growStream(place, hasValues(column) ? column.field : { ...column.field, type: "null" });
}

function placeColumns(columns: readonly Column[], place: StreamPlace, strays: Strays): PlacedColumn[] {
  const placed: PlacedColumn[] = [];
  for (const column of columns) {
    if (!hasValues(column)) continue;
    const target = place.fields.get(column.field.name);
    if (!hasColumn(target)) strays.add(column, rowsOf(column));
    else placed.push({ column: target.column, type: target.type, ...fit(column, target.type, strays) });
  }
  return placed;
}

function fit(column: Column, type: ColumnType, strays: Strays): Cells {
  const fitting = fitCells(column, type);
  if (fitting.strays !== undefined) strays.add(column, fitting.strays);
  return fitting.cells;
}

function hasColumn(place: FieldPlace | undefined): place is Extract<FieldPlace, { column: string }> {
  return place !== undefined && "column" in place;
}

/** Collects the values of one block that have no column. */
class Strays {
  readonly counts = new Map<string, number>();
  readonly #byRow = new Map<number, Map<string, JsonValue>>();

  add(column: Column, rows: readonly number[]): void {
    const { name } = column.field;
    this.counts.set(name, (this.counts.get(name) ?? 0) + rows.length);
    for (const row of rows) {
      const ofRow = this.#byRow.get(row) ?? new Map<string, JsonValue>();
      this.#byRow.set(row, ofRow.set(name, valueAt(column, row)));
    }
  }

  texts(count: number): (string | undefined)[] | undefined {
    if (this.#byRow.size === 0) return undefined;
    const texts = new Array<string | undefined>(count).fill(undefined);
    for (const [row, strays] of this.#byRow) texts[row] = overflowText(strays);
    return texts;
  }
}
