/** Plans reads and turns stored rows back into frames: columns and strays under their fields' names. Pure. */
import { Fault } from "#proto/errors.ts";
import type { VehicleId } from "#proto/ids.ts";
import type { JsonValue } from "#proto/json.ts";
import type { Selection, StoredRow } from "./backend.ts";
import { type NewColumn, overflowTable, type StreamPlace } from "./catalog.ts";
import { storedNsMax, storedNsMin } from "./limits.ts";
import { cellValue, readOverflow } from "./mapping.ts";
import type { Row, RowQuery } from "./rows.ts";

/** What to ask the database, and how to understand its answer. */
export interface ReadPlan {
  readonly selection: Selection;
  /** Fields of every row, in order. */
  readonly fields: readonly ReadField[];
  /** Whether strays of unlisted fields are wanted too. */
  readonly wantsAll: boolean;
}

/** A field and the place of its column in `Selection.columns`, if it has one. */
export interface ReadField {
  readonly field: string;
  readonly at: number | undefined;
}

/** Plans a read. Throws `bad_query` for a field that the stream never had. */
export function planRead(place: StreamPlace, query: RowQuery): ReadPlan {
  const columns: NewColumn[] = [];
  const fields = (query.fields ?? Array.from(place.fields.keys())).map((field): ReadField => {
    const at = place.fields.get(field);
    if (at === undefined) throw noSuchField(place, field);
    return { field, at: "column" in at ? columns.push(at) - 1 : undefined };
  });
  const selection: Selection = {
    table: place.table,
    vehicle: query.vehicle,
    ...(place.table === overflowTable ? { stream: place.stream } : {}),
    columns,
    // A span that lies outside as a whole stays empty, with ends that databases take.
    fromNs: within(query.fromNs ?? storedNsMin, { least: storedNsMin, most: storedNsMax + 1n }),
    toNs: within(query.toNs ?? storedNsMax, { least: storedNsMin - 1n, most: storedNsMax }),
    order: query.order ?? "ascending",
    ...(query.after === undefined ? {} : { after: query.after }),
    limit: query.limit,
  };
  return { selection, fields, wantsAll: query.fields === undefined };
}

/** Turns a stored row into the frame that it was. */
export function readRow(stored: StoredRow, plan: ReadPlan): Row {
  const strays = stored.overflow === null ? {} : readOverflow(stored.overflow);
  const values = new Map<string, JsonValue>();
  for (const { field, at } of plan.fields) {
    const cell = at === undefined ? null : stored.cells[at];
    const stray = Object.hasOwn(strays, field) ? strays[field] : null;
    values.set(field, cell === null || at === undefined ? stray : cellValue(plan.selection.columns[at].type, cell));
  }
  if (plan.wantsAll) {
    for (const [field, stray] of Object.entries(strays)) if (!values.has(field)) values.set(field, stray);
  }
  return { ...stored.key, vehicle: plan.selection.vehicle as VehicleId, values: Object.fromEntries(values) };
}

function noSuchField({ stream }: StreamPlace, field: string): Fault {
  const message = `Cannot read field ${
    JSON.stringify(field)
  } of stream "${stream}": no frame of it ever had this field`;
  return new Fault("bad_query", message, { pointer: "/fields" });
}

function within(value: bigint, { least, most }: { least: bigint; most: bigint }): bigint {
  if (value < least) return least;
  return value > most ? most : value;
}
