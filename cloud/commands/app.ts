/** The commands API. */
import { OpenAPIHono } from "@hono/zod-openapi";
import type { MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { notFoundProblem, problemHandler, schemaProblem } from "#proto/base/problem.ts";
import { parseCommandId } from "#proto/command_id.ts";
import { Fault } from "#proto/errors.ts";
import { parseVehicleId } from "#proto/ids.ts";
import type { JsonValue } from "#proto/json.ts";
import type { Log } from "#proto/ports.ts";
import { type Catalogue, templateFor } from "./catalogue.ts";
import type { CommandBook } from "./command_book.ts";
import type { Dispatcher } from "./dispatcher.ts";
import { bodyBytesMax, dataBytesMax } from "./limits.ts";
import { type CommandCounts, count } from "./metrics.ts";
import type { RegisteredVehicles } from "./ports.ts";
import { type CommandRecord, isOpen } from "./record.ts";
import { cancelRoute, commandRoute, listRoute, oneRoute, releaseRoute, stopRoute, stopStateRoute } from "./routes.ts";
import type { StopDesk } from "./stop_desk.ts";
import { commandView, stopView } from "./view.ts";

/** What the app stands on. */
export interface CommandAppParts {
  readonly dispatcher: Dispatcher;
  readonly book: CommandBook;
  readonly stops: StopDesk;
  readonly vehicles: RegisteredVehicles;
  readonly catalogue: Catalogue;
  /** Lets only requests with a valid token pass. */
  readonly guard: MiddlewareHandler;
  readonly log: Log;
  readonly counts: CommandCounts;
}

/** Who asks, as long as there is one token for all. */
const issuer = "operator";

/** Makes the app; it is served by the caller. */
export function createApp(parts: CommandAppParts): OpenAPIHono {
  const { guard, log, counts } = parts;
  const app = new OpenAPIHono({ defaultHook: schemaProblem });
  app.onError(problemHandler((fault, { req }) => {
    log.error("Request failed", { method: req.method, path: req.path, error: fault.message });
  }));
  app.notFound(notFoundProblem);
  app.use(async (context, next) => {
    await next();
    count(counts.answers, context.res.status);
  });
  addHealth(app);
  app.use("/v1/*", guard);
  app.use(bodyLimit({ maxSize: bodyBytesMax, onError: () => tooLarge("body", bodyBytesMax) }));
  addCommands(app, parts);
  addStops(app, parts);
  return app;
}

function addCommands(app: OpenAPIHono, { dispatcher, book, catalogue, counts }: CommandAppParts): void {
  app.openapi(commandRoute, async (context) => {
    const { vehicle_id: id, type, data, ttl_ms: ttlMs, wait_ms: waitMs, ...rest } = context.req.valid("json");
    const { class: name } = templateFor(catalogue, { type, data: data as JsonValue });
    const text = JSON.stringify(data);
    if (new TextEncoder().encode(text).byteLength > dataBytesMax) return tooLarge("data", dataBytesMax);
    const key = context.req.valid("header")["idempotency-key"];
    const about = { vehicle: parseVehicleId(id), type, class: name, data: text, issuer };
    const record = await dispatcher.accept({ ...about, ...rest, ttlMs, key });
    count(counts.accepted, type);
    if (waitMs > 0) await book.until(record.id, { condition: isOver, limitMs: waitMs });
    return context.json(commandView(book.known(record.id) ?? record), 200);
  });
  app.openapi(oneRoute, async (context) => {
    const id = parseCommandId(context.req.valid("param").id);
    const { wait_ms: waitMs } = context.req.valid("query");
    const record = await book.find(id);
    if (waitMs > 0) await book.until(id, { condition: isOver, limitMs: waitMs });
    return context.json(commandView(book.known(id) ?? record), 200);
  });
  app.openapi(listRoute, (context) => {
    const { vehicle_id: vehicle, cursor, ...filter } = context.req.valid("query");
    const { records, more } = book.list({
      ...filter,
      vehicle: vehicle === undefined ? undefined : parseVehicleId(vehicle),
      before: cursor === undefined ? undefined : parseCommandId(cursor),
    });
    const next = more ? records[records.length - 1].id : null;
    return context.json({ commands: records.map(commandView), next_cursor: next }, 200);
  });
  app.openapi(cancelRoute, async (context) => {
    return context.json(commandView(await dispatcher.cancel(parseCommandId(context.req.valid("param").id))), 200);
  });
}

function addStops(app: OpenAPIHono, { dispatcher, stops, vehicles, counts }: CommandAppParts): void {
  app.openapi(stopRoute, async (context) => {
    const vehicle = parseVehicleId(context.req.valid("param").id);
    const { reason = "" } = context.req.valid("json");
    const record = await stops.want(vehicle, { isRelease: false, issuer, reason });
    counts.stops += 1;
    await dispatcher.handleStop(vehicle);
    return context.json(stopView(vehicle, record), 200);
  });
  app.openapi(stopStateRoute, (context) => {
    const vehicle = parseVehicleId(context.req.valid("param").id);
    const record = stops.of(vehicle);
    if (record === undefined && !vehicles.isRegistered(vehicle)) {
      throw new Fault("not_found", `Cannot find vehicle "${vehicle}": it is not registered`);
    }
    return context.json(stopView(vehicle, record), 200);
  });
  app.openapi(releaseRoute, async (context) => {
    const vehicle = parseVehicleId(context.req.valid("param").id);
    const record = await stops.want(vehicle, { isRelease: true, issuer, reason: "" });
    counts.stops += 1;
    return context.json(stopView(vehicle, record), 200);
  });
}

function isOver(record: CommandRecord): boolean {
  return !isOpen(record);
}

function addHealth(app: OpenAPIHono): void {
  app.get("/healthz", (context) => context.text("ok"));
  app.openAPIRegistry.registerComponent("securitySchemes", "bearer", { type: "http", scheme: "bearer" });
  app.doc31("/openapi.json", {
    openapi: "3.1.0",
    info: { title: "SystemScale commands API", version: "1", license: { name: "Apache-2.0" } },
  });
}

function tooLarge(what: string, bytesMax: number): never {
  throw new Fault("too_large", `Cannot take the ${what}: wanted at most ${bytesMax} bytes`);
}
