/** The commands API. */
import type { OpenAPIHono } from "@hono/zod-openapi";
import { parseCommandId } from "#proto/command_id.ts";
import { Fault } from "#proto/errors.ts";
import { parseVehicleId, type VehicleId } from "#proto/ids.ts";
import type { JsonValue } from "#proto/json.ts";
import type { Clock } from "#proto/ports.ts";
import { type ApiParts, createApi } from "../lib/api_app.ts";
import { type AuthEnv, demand } from "../lib/auth/guard.ts";
import { capabilityOf, demandMay, type Principal, reasonAgainst } from "../lib/auth/rules.ts";
import type { VehicleRegistry } from "../lib/vehicle_registry.ts";
import { type Catalogue, templateFor } from "./catalogue.ts";
import type { CommandBook } from "./command_book.ts";
import type { Dispatcher } from "./dispatcher.ts";
import { eventStream } from "./event_stream.ts";
import { groupStream } from "./group_stream.ts";
import { bodyBytesMax, dataBytesMax, eventStreamsMax, groupVehiclesMax } from "./limits.ts";
import { type CommandCounts, count } from "./metrics.ts";
import { type CommandRecord, isOpen } from "./record.ts";
import {
  cancelRoute,
  commandRoute,
  eventsRoute,
  groupRoute,
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
  readonly clock: Pick<Clock, "after">;
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

function addCommands(app: OpenAPIHono<AuthEnv>, parts: CommandAppParts): void {
  const { dispatcher, book, catalogue, vehicles } = parts;
  app.openapi(commandRoute, async (context) => {
    const { vehicle_id: id, wait_ms: waitMs, ...wish } = context.req.valid("json");
    const key = context.req.valid("header")["idempotency-key"];
    const principal = context.get("principal");
    const record = await issue(parts, { ...wish, principal, key, vehicle: parseVehicleId(id) });
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

/** Streams, of which there may be so many. */
function addEvents(app: OpenAPIHono<AuthEnv>, parts: CommandAppParts): void {
  const { book, vehicles, clock } = parts;
  let open = 0;
  const openStream = (make: (onEnd: () => void) => ReadableStream<Uint8Array>): Response => {
    if (open >= eventStreamsMax) {
      throw new Fault("unavailable", `Cannot open another stream: ${eventStreamsMax} are open`);
    }
    open += 1;
    const headers = { "content-type": "text/event-stream", "cache-control": "no-store" };
    return new Response(make(() => open -= 1), { headers });
  };
  app.openapi(eventsRoute, async (context) => {
    const record = await book.find(parseCommandId(context.req.valid("param").id));
    demand(context, { capability: "read", vehicleGroups: vehicles.groupsOf(record.vehicle) });
    const askAgain = context.get("askAgain");
    const mayStill = async () => {
      demandMay(await askAgain(), { capability: "read", vehicleGroups: vehicles.groupsOf(record.vehicle) });
    };
    return openStream((onEnd) => eventStream(record, { book, mayStill, onEnd }));
  });
  app.openapi(groupRoute, (context) => {
    const { vehicle_ids: ids, group = "", rate_per_second: perSecond, abort_after: abortAfter, ...wish } = context.req
      .valid("json");
    const key = context.req.valid("header")["idempotency-key"];
    const askAgain = context.get("askAgain");
    const principal = context.get("principal");
    // What is wrong for all of them is said once.
    const asked = { type: wish.type, data: wish.data as JsonValue, vehicleType: undefined };
    const { class: name, role: atLeast } = templateFor(parts.catalogue, asked);
    demand(context, { capability: capabilityOf(name), vehicleGroups: principal.groups, atLeast });
    const plan = {
      perSecond,
      abortAfter,
      vehicles: ids === undefined ? membersOf(group, { vehicles, principal }) : distinct(ids),
    };
    const issueTo = async (vehicle: VehicleId) =>
      await issue(parts, { ...wish, vehicle, principal: await askAgain(), key: key && `${key} ${vehicle}` });
    return openStream((onEnd) => groupStream(plan, { issue: issueTo, book, clock, onEnd }));
  });
}

/** Those that the caller may see. Throws `not_found` when there are none, `too_many`. */
function membersOf(
  group: string,
  { vehicles, principal }: { vehicles: VehicleRegistry; principal: Principal },
): readonly VehicleId[] {
  const members = vehicles.inGroup(group).filter((vehicle) =>
    reasonAgainst(principal, { capability: "read", vehicleGroups: vehicles.groupsOf(vehicle) }) === undefined
  );
  const pointer = "/group";
  if (members.length === 0) throw new Fault("not_found", `Cannot find vehicles in group "${group}"`, { pointer });
  if (members.length <= groupVehiclesMax) return members;
  throw new Fault("too_many", `Cannot command ${members.length} vehicles at once: at most ${groupVehiclesMax}`, {
    pointer,
  });
}

function distinct(ids: readonly string[]): readonly VehicleId[] {
  return [...new Set(ids)].map(parseVehicleId);
}

/** What a caller wants of one vehicle. */
interface Wish {
  readonly vehicle: VehicleId;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly priority: string;
  readonly reason: string;
  readonly ttl_ms: number;
  readonly principal: Principal;
  readonly key: string | undefined;
}

/** Commands one vehicle, if the caller may. Faults of {@link templateFor} and {@link Dispatcher.accept}, `too_large`. */
async function issue(
  { dispatcher, vehicles, catalogue, counts }: CommandAppParts,
  { principal, data: object, ttl_ms: ttlMs, ...wish }: Wish,
): Promise<CommandRecord> {
  const { vehicle, type } = wish;
  const asked = { type, data: object as JsonValue, vehicleType: vehicles.typeOf(vehicle) };
  const vehicleGroups = vehicles.groupsOf(vehicle);
  // Before anything is said of the vehicle.
  demandMay(principal, { capability: "read", vehicleGroups });
  const { class: name, role: atLeast } = templateFor(catalogue, asked);
  demandMay(principal, { capability: capabilityOf(name), vehicleGroups, atLeast });
  const data = JSON.stringify(object);
  if (new TextEncoder().encode(data).byteLength > dataBytesMax) {
    throw new Fault("too_large", `Cannot take the data: wanted at most ${dataBytesMax} bytes`);
  }
  const record = await dispatcher.accept({ ...wish, class: name, data, ttlMs, issuer: principal.id });
  count(counts.accepted, type);
  return record;
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
