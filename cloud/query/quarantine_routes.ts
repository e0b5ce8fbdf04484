/** The part of the query API about what was kept aside: it shows, and asks the partition's owner to decide. */
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import { create } from "@bufbuild/protobuf";
import {
  QuarantineRequest_Action as Action,
  QuarantineRequestSchema,
} from "#proto/gen/systemscale/log/v1/quarantine_pb.ts";
import { parseVehicleId } from "#proto/ids.ts";
import { type AuthEnv, demand } from "../lib/auth/guard.ts";
import type { VehicleRegistry } from "../lib/vehicle_registry.ts";
import type { QuarantineEntry } from "../lib/store/quarantine_entry.ts";
import type { StoreReader } from "../lib/store/store.ts";
import type { Admission } from "./admission.ts";
import { jsonResponse } from "./answer.ts";
import type { PartitionOwners } from "./owner.ts";
import { countCursor, quarantineView, readCountCursor, refusalOf } from "./quarantine_view.ts";
import {
  batchType,
  quarantineBatchRoute,
  quarantineCountsRoute,
  quarantineDropRoute,
  quarantineEntryRoute,
  quarantineRetryRoute,
  quarantineRoute,
} from "./routes.ts";

/** What the routes stand on. */
export interface QuarantineParts {
  readonly store: StoreReader;
  readonly owners: PartitionOwners;
  readonly admission: Admission;
  readonly vehicles: Pick<VehicleRegistry, "groupsOf">;
}

interface EntryPath {
  readonly id: string;
  readonly entry: string;
}

/** Adds the routes to the app. */
export function addQuarantine(app: OpenAPIHono<AuthEnv>, parts: QuarantineParts): void {
  const { store, admission } = parts;
  app.openapi(quarantineRoute, async (context) => {
    const vehicle = parseVehicleId(context.req.valid("param").id);
    const { cursor, ...query } = context.req.valid("query");
    const page = await admission.run(() => store.quarantined(vehicle, { ...query, ...(cursor && { after: cursor }) }));
    const entries = page.entries.map(quarantineView);
    const next = page.more ? entries[entries.length - 1].id : null;
    return jsonResponse(JSON.stringify({ vehicle_id: vehicle, entries, next_cursor: next }));
  });
  app.openapi(quarantineCountsRoute, async (context) => {
    const { limit, cursor } = context.req.valid("query");
    const query = { limit, ...(cursor !== undefined && { after: readCountCursor(cursor) }) };
    const { counts, more } = await admission.run(() => store.quarantineCounts(query));
    const views = counts.map(({ vehicle, ...count }) => ({ vehicle_id: vehicle, ...count }));
    const next = more ? countCursor(counts[counts.length - 1]) : null;
    return jsonResponse(JSON.stringify({ counts: views, next_cursor: next }));
  });
  app.openapi(quarantineEntryRoute, async (context) => {
    const entry = await admission.run(() => find(context.req.valid("param"), store));
    return entryResponse(entry);
  });
  app.openapi(quarantineBatchRoute, async (context) => {
    const { id, entry } = context.req.valid("param");
    const batch = await admission.run(() => store.quarantinedBatch(parseVehicleId(id), entry));
    const disposition = `attachment; filename="${entry}.batch"`;
    return new Response(batch.slice(), { headers: { "content-type": batchType, "content-disposition": disposition } });
  });
  const demandFor = (context: Context<AuthEnv>, { id }: EntryPath) =>
    demand(context, { capability: "quarantine", vehicleGroups: parts.vehicles.groupsOf(parseVehicleId(id)) });
  app.openapi(quarantineRetryRoute, (context) => {
    demandFor(context, context.req.valid("param"));
    return decide(Action.RETRY, context.req.valid("param"), parts);
  });
  app.openapi(quarantineDropRoute, (context) => {
    demandFor(context, context.req.valid("param"));
    return decide(Action.DROP, context.req.valid("param"), parts);
  });
}

async function decide(action: Action, path: EntryPath, parts: QuarantineParts): Promise<Response> {
  const { store, owners, admission } = parts;
  return await admission.run(async () => {
    // The partition stands in its place in the log: what names no vehicle has no other.
    const { place } = await find(path, store);
    const request = create(QuarantineRequestSchema, { vehicleId: path.id, entry: path.entry, action });
    const refusal = refusalOf(await owners.decide(place.partition, request));
    if (refusal === undefined) return entryResponse(await find(path, store));
    const headers = { "content-type": "application/problem+json" };
    return new Response(refusal.body, { status: refusal.status, headers });
  });
}

function find({ id, entry }: EntryPath, store: StoreReader): Promise<QuarantineEntry> {
  return store.quarantinedOne(parseVehicleId(id), entry);
}

function entryResponse(entry: QuarantineEntry): Response {
  return jsonResponse(JSON.stringify(quarantineView(entry)));
}
