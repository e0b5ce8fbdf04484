/** The commands API. */
import type { OpenAPIHono } from "@hono/zod-openapi";
import { parseCommandId } from "#proto/command_id.ts";
import { Fault } from "#proto/errors.ts";
import { parseVehicleId, type VehicleId } from "#proto/ids.ts";
import type { JsonValue } from "#proto/json.ts";
import { type ApiParts, createApi } from "../lib/api_app.ts";
import { type AuthEnv, demand } from "../lib/auth/guard.ts";
import { capabilityOf, demandMay, reasonAgainst } from "../lib/auth/rules.ts";
import type { VehicleRegistry } from "../lib/vehicle_registry.ts";
import { type Catalogue, templateFor } from "./catalogue.ts";
import type { CommandBook } from "./command_book.ts";
import type { Dispatcher } from "./dispatcher.ts";
import { eventStream } from "./event_stream.ts";
import { bodyBytesMax, dataBytesMax, eventStreamsMax } from "./limits.ts";
import { type CommandCounts, count } from "./metrics.ts";
import { type CommandRecord, isOpen } from "./record.ts";
import {
  cancelRoute,
  commandRoute,
  eventsRoute,
  listRoute,
  oneRoute,
  releaseRoute,
  stopRoute,
  stopStateRoute,
  typesRoute,
} from "./routes.ts";
import type { StopDesk } from "./stop_desk.ts";
import { commandView, stopView, typeView } from "./view.ts";

/** What the app stands on. */
export interface CommandAppParts extends Pick<ApiParts, "guard" | "audit" | "log"> {
  readonly dispatcher: Dispatcher;
  readonly book: CommandBook;
  readonly stops: StopDesk;
  readonly vehicles: VehicleRegistry;
  readonly catalogue: Catalogue;
  readonly counts: CommandCounts;
}

/** Makes the app; it is served by the caller. */
export function createApp(parts: CommandAppParts): OpenAPIHono<AuthEnv> {
  const { counts: { answers } } = parts;
  const app = createApi({ ...parts, title: "SystemScale commands API", bodyBytesMax, answers });
  addCommands(app, parts);
  addEvents(app, parts);
  addStops(app, parts);
  return app;
}

function addCommands(
  app: OpenAPIHono<AuthEnv>,
  { dispatcher, book, catalogue, counts, vehicles }: CommandAppParts,
): void {
  app.openapi(commandRoute, async (context) => {
    const { vehicle_id: id, type, data, ttl_ms: ttlMs, wait_ms: waitMs, ...rest } = context.req.valid("json");
    const vehicle = parseVehicleId(id);
    const wish = { type, data: data as JsonValue, vehicleType: vehicles.typeOf(vehicle) };
    const { class: name, role: atLeast } = templateFor(catalogue, wish);
    const { id: issuer } = demand(context, {
      capability: capabilityOf(name),
      vehicleGroups: vehicles.groupsOf(vehicle),
      atLeast,
    });
    const text = JSON.stringify(data);
    if (new TextEncoder().encode(text).byteLength > dataBytesMax) {
      throw new Fault("too_large", `Cannot take the data: wanted at most ${dataBytesMax} bytes`);
    }
    const key = context.req.valid("header")["idempotency-key"];
    const about = { vehicle, type, class: name, data: text, issuer };
    const record = await dispatcher.accept({ ...about, ...rest, ttlMs, key });
    count(counts.accepted, type);
    if (waitMs > 0) await book.until(record.id, { condition: isOver, limitMs: waitMs });
    return context.json(commandView(book.known(record.id) ?? record), 200);
  });
  app.openapi(typesRoute, (context) => {
    demand(context, { capability: "read", vehicleGroups: context.get("principal").groups });
    return context.json({ types: [...catalogue].map(typeView) }, 200);
  });
  app.openapi(oneRoute, async (context) => {
    const id = parseCommandId(context.req.valid("param").id);
    const { wait_ms: waitMs } = context.req.valid("query");
    const record = await book.find(id);
    demand(context, { capability: "read", vehicleGroups: vehicles.groupsOf(record.vehicle) });
    if (waitMs > 0) await book.until(id, { condition: isOver, limitMs: waitMs });
    return context.json(commandView(book.known(id) ?? record), 200);
  });
  app.openapi(listRoute, (context) => {
    const { vehicle_id: vehicle, cursor, ...filter } = context.req.valid("query");
    const principal = demand(context, { capability: "read", vehicleGroups: context.get("principal").groups });
    const { records, more } = book.list({
      ...filter,
      // Whoever is limited to groups sees these alone.
      isSeen: (one) =>
        reasonAgainst(principal, { capability: "read", vehicleGroups: vehicles.groupsOf(one.vehicle) }) === undefined,
      vehicle: vehicle === undefined ? undefined : parseVehicleId(vehicle),
      before: cursor === undefined ? undefined : parseCommandId(cursor),
    });
    const next = more ? records[records.length - 1].id : null;
    return context.json({ commands: records.map(commandView), next_cursor: next }, 200);
  });
  app.openapi(cancelRoute, async (context) => {
    const id = parseCommandId(context.req.valid("param").id);
    const { vehicle, class: name } = await book.find(id);
    demand(context, { capability: capabilityOf(name), vehicleGroups: vehicles.groupsOf(vehicle) });
    return context.json(commandView(await dispatcher.cancel(id)), 200);
  });
}

/** A stream each, of which there may be so many. */
function addEvents(app: OpenAPIHono<AuthEnv>, { book, vehicles }: CommandAppParts): void {
  let open = 0;
  app.openapi(eventsRoute, async (context) => {
    const record = await book.find(parseCommandId(context.req.valid("param").id));
    demand(context, { capability: "read", vehicleGroups: vehicles.groupsOf(record.vehicle) });
    if (open >= eventStreamsMax) {
      throw new Fault("unavailable", `Cannot open another stream: ${eventStreamsMax} are open`);
    }
    open += 1;
    const askAgain = context.get("askAgain");
    const mayStill = async () => {
      demandMay(await askAgain(), { capability: "read", vehicleGroups: vehicles.groupsOf(record.vehicle) });
    };
    const body = eventStream(record, { book, mayStill, onEnd: () => open -= 1 });
    return new Response(body, { headers: { "content-type": "text/event-stream", "cache-control": "no-store" } });
  });
}

function addStops(app: OpenAPIHono<AuthEnv>, { dispatcher, stops, vehicles, counts }: CommandAppParts): void {
  app.openapi(stopRoute, async (context) => {
    const vehicle = parseVehicleId(context.req.valid("param").id);
    const { id: issuer } = demand(context, { capability: "stop", vehicleGroups: vehicles.groupsOf(vehicle) });
    // Registered or not: one that was ever here must be stopped at any time.
    if (!vehicles.isRegistered(vehicle) && !dispatcher.hasMet(vehicle)) throw unknownVehicle(vehicle);
    const { reason = "" } = context.req.valid("json");
    const record = await stops.want(vehicle, { isRelease: false, issuer, reason });
    counts.stops += 1;
    await dispatcher.handleStop(vehicle);
    return context.json(stopView(vehicle, record), 200);
  });
  app.openapi(stopStateRoute, (context) => {
    const vehicle = parseVehicleId(context.req.valid("param").id);
    demand(context, { capability: "read", vehicleGroups: vehicles.groupsOf(vehicle) });
    const record = stops.of(vehicle);
    if (record === undefined && !vehicles.isRegistered(vehicle)) {
      throw unknownVehicle(vehicle);
    }
    return context.json(stopView(vehicle, record), 200);
  });
  app.openapi(releaseRoute, async (context) => {
    const vehicle = parseVehicleId(context.req.valid("param").id);
    const { id: issuer } = demand(context, { capability: "release", vehicleGroups: vehicles.groupsOf(vehicle) });
    const record = await stops.want(vehicle, { isRelease: true, issuer, reason: "" });
    counts.stops += 1;
    return context.json(stopView(vehicle, record), 200);
  });
}

function unknownVehicle(vehicle: VehicleId): Fault {
  return new Fault("not_found", `Cannot find vehicle "${vehicle}": it is not registered`);
}

function isOver(record: CommandRecord): boolean {
  return !isOpen(record);
}
