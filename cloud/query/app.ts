/** The query API: typed questions about telemetry and the ledger. Never SQL text. */
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { MiddlewareHandler } from "hono";
import { accepts } from "hono/accepts";
import { Fault } from "#proto/errors.ts";
import { parseStream, parseVehicleId, vehicleIdPattern } from "#proto/ids.ts";
import { stringifyJson } from "#proto/json.ts";
import type { Clock } from "#proto/ports.ts";
import { type ApiParts, createApi } from "../lib/api_app.ts";
import { type AuthEnv, demand } from "../lib/auth/guard.ts";
import type { RowPage, RowQuery } from "../lib/store/rows.ts";
import type { StoreReader } from "../lib/store/store.ts";
import type { VehicleRegistry } from "../lib/vehicle_registry.ts";
import { Admission } from "./admission.ts";
import { answerRow, jsonResponse, toCsv, toLines } from "./answer.ts";
import { bodyBytesMax, fleetTotalVehiclesMax } from "./limits.ts";
import { decodeCursor, encodeCursor } from "./cursor.ts";
import { type AskedTime, completenessView, fleetLine } from "./completeness_view.ts";
import { epochsPage } from "./epochs_view.ts";
import { fleetTotals } from "./fleet_totals.ts";
import type { QueryCounts } from "./metrics.ts";
import type { PartitionOwners } from "./owner.ts";
import { addQuarantine } from "./quarantine_routes.ts";
import {
  completenessRoute,
  cursorHeader,
  epochsRoute,
  fleetRoute,
  latestRoute,
  rowFormats,
  streamsRoute,
  telemetryRoute,
} from "./routes.ts";
import type { TelemetryQuery } from "./schema.ts";
import { parseTime } from "./time_bound.ts";

/** What the app stands on. */
export interface QueryParts extends Pick<ApiParts, "guard" | "audit" | "log"> {
  readonly store: StoreReader;
  readonly owners: PartitionOwners;
  readonly vehicles: Pick<VehicleRegistry, "groupsOf">;
  readonly clock: Pick<Clock, "after">;
  readonly counts: QueryCounts;
}

/** Makes the app; it is served by the caller. */
export function createApp(parts: QueryParts): OpenAPIHono<AuthEnv> {
  const { store, owners, vehicles, clock, counts } = parts;
  const admission = new Admission(clock);
  const app = createApi({ ...parts, title: "SystemScale query API", bodyBytesMax, answers: counts.answers });
  app.get("/readyz", async (context) => {
    await admission.run(() => store.check());
    return context.text("ok");
  });
  app.use("/v1/*", readingGuard(vehicles));
  app.openapi(telemetryRoute, async (context) => {
    const query = rowQuery(context.req.valid("query"));
    const page = await admission.run(() => store.rows(query));
    counts.rows += page.rows.length;
    const supports = [...rowFormats];
    return rowsResponse(query, page, accepts(context, { header: "Accept", supports, default: supports[0] }));
  });
  app.openapi(streamsRoute, async () => {
    const streams = await admission.run(() => store.streams());
    return jsonResponse(JSON.stringify({ streams }));
  });
  app.openapi(latestRoute, async (context) => {
    const vehicle = parseVehicleId(context.req.valid("param").id);
    const latest = await admission.run(() => store.latest(vehicle));
    const streams = latest.map(({ stream, row }) => ({ stream, row: answerRow(row) }));
    return jsonResponse(stringifyJson({ vehicle_id: vehicle, streams }));
  });
  addCompleteness(app, store, admission);
  addQuarantine(app, { store, owners, admission, vehicles });
  return app;
}

function addCompleteness(app: OpenAPIHono<AuthEnv>, store: StoreReader, admission: Admission): void {
  const find = async (id: string) => {
    const vehicle = parseVehicleId(id);
    const [entries, account] = await admission.run(() => Promise.all([store.ledger(vehicle), store.account(vehicle)]));
    if (entries.length === 0 && account === undefined) {
      throw new Fault("not_found", `Cannot tell of vehicle "${vehicle}": it was never heard`);
    }
    return { vehicle, entries, account };
  };
  app.openapi(completenessRoute, async (context) => {
    const { vehicle, ...known } = await find(context.req.valid("param").id);
    const asked = askedTime(context.req.valid("query"));
    return jsonResponse(JSON.stringify(completenessView(vehicle, { ...known, asked })));
  });
  app.openapi(epochsRoute, async (context) => {
    const { vehicle, entries, account } = await find(context.req.valid("param").id);
    const { limit, cursor } = context.req.valid("query");
    const after = cursor === undefined ? {} : { after: cursor };
    const { epochs, more, forks } = epochsPage(entries, { statement: account?.statement, limit, ...after });
    const next = more ? epochs[epochs.length - 1].epoch : null;
    return jsonResponse(JSON.stringify({ vehicle_id: vehicle, forks, epochs, next_cursor: next }));
  });
  app.openapi(fleetRoute, async (context) => {
    const { limit, cursor } = context.req.valid("query");
    const after = cursor === undefined ? {} : { after: parseVehicleId(cursor) };
    const { accounts, more } = await admission.run(() => store.accounts({ limit, ...after }));
    const totals = cursor === undefined ? await admission.run(() => fleetTotals(store, fleetTotalVehiclesMax)) : null;
    const next = more ? accounts[accounts.length - 1].vehicle : null;
    return jsonResponse(JSON.stringify({ totals, vehicles: accounts.map(fleetLine), next_cursor: next }));
  });
}

/** Reading is about one vehicle, by path or parameter, or about the whole fleet. */
function readingGuard(vehicles: QueryParts["vehicles"]): MiddlewareHandler<AuthEnv> {
  return async (context, next) => {
    const { req } = context;
    // What streams there are is no secret of any vehicle.
    const isCatalog = req.path === "/v1/streams";
    const id = /^\/v1\/vehicles\/([^/]+)/.exec(req.path)?.[1] ?? req.query("vehicle_id");
    const groups = id !== undefined && vehicleIdPattern.test(id) ? vehicles.groupsOf(parseVehicleId(id)) : undefined;
    demand(context, { capability: "read", vehicleGroups: isCatalog ? context.get("principal").groups : groups });
    return await next();
  };
}

function rowQuery(query: TelemetryQuery): RowQuery {
  const scope = {
    vehicle: parseVehicleId(query.vehicle_id),
    stream: parseStream(query.stream),
    order: query.order === "asc" ? "ascending" : "descending",
  } as const;
  return {
    ...scope,
    limit: query.limit,
    ...(query.fields !== undefined && { fields: Array.from(new Set(query.fields.split(","))) }),
    ...askedTime(query),
    ...(query.cursor !== undefined && { after: decodeCursor(scope, query.cursor) }),
  };
}

function askedTime({ from, to }: { from?: string | undefined; to?: string | undefined }): AskedTime {
  return {
    ...(from !== undefined && { fromNs: parseTime(from, "from") }),
    ...(to !== undefined && { toNs: parseTime(to, "to") }),
  };
}

function rowsResponse(query: RowQuery, page: RowPage, format: string): Response {
  const { rows, fields, more } = page;
  const cursor = more ? encodeCursor(query, rows[rows.length - 1]) : null;
  const headers = { "content-type": format, vary: "Accept", ...(cursor !== null && { [cursorHeader]: cursor }) };
  switch (format) {
    case "application/x-ndjson":
      return new Response(toLines(rows), { headers });
    case "text/csv":
      return new Response(toCsv(rows, fields), { headers: { ...headers, "content-type": "text/csv; charset=utf-8" } });
    default:
      return new Response(stringifyJson({ rows: rows.map(answerRow), next_cursor: cursor }), { headers });
  }
}
