/** The fleet API: the registry of vehicles, and for each whether it is there and why it is thought so. */
import { OpenAPIHono } from "@hono/zod-openapi";
import type { MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { notFoundProblem, problemHandler, schemaProblem } from "#proto/base/problem.ts";
import { asFault, Fault } from "#proto/errors.ts";
import { parseVehicleId, type VehicleId } from "#proto/ids.ts";
import type { Clock, Log } from "#proto/ports.ts";
import type { StoreReader } from "../lib/store/store.ts";
import type { VehicleAccount } from "../lib/store/vehicle_account.ts";
import { within } from "#proto/within.ts";
import { causeOf, explain } from "./explain.ts";
import type { Fleet } from "./fleet.ts";
import { demandPrecondition, etagOf, preconditionOf } from "./if_match.ts";
import { bodyBytesMax, storeTimeoutMs } from "./limits.ts";
import type { FleetCounts } from "./metrics.ts";
import type { Entry, Registry } from "./registry.ts";
import { archiveRoute, changeRoute, explainRoute, listRoute, registerRoute, vehicleRoute } from "./routes.ts";
import { oneVehicleView, vehicleView } from "./view.ts";

/** What the app stands on. */
export interface FleetAppParts {
  readonly registry: Registry;
  readonly fleet: Fleet;
  /** For what the ledger says of a vehicle. */
  readonly store: Pick<StoreReader, "account">;
  /** Lets only requests with a valid token pass. */
  readonly guard: MiddlewareHandler;
  readonly clock: Clock;
  readonly log: Log;
  readonly counts: FleetCounts;
}

/** Makes the app; it is served by the caller. */
export function createApp(parts: FleetAppParts): OpenAPIHono {
  const { guard, log, counts } = parts;
  const app = new OpenAPIHono({ defaultHook: schemaProblem });
  app.onError(problemHandler((fault, { req }) => {
    log.error("Request failed", { method: req.method, path: req.path, error: fault.message });
  }));
  app.notFound(notFoundProblem);
  app.use(async (context, next) => {
    await next();
    counts.answers.set(context.res.status, (counts.answers.get(context.res.status) ?? 0) + 1);
  });
  addHealth(app);
  app.use("/v1/*", guard);
  app.use(bodyLimit({ maxSize: bodyBytesMax, onError: () => tooLarge() }));
  addReading(app, parts);
  addWriting(app, parts);
  return app;
}

function addReading(app: OpenAPIHono, { registry, fleet, store, clock, log }: FleetAppParts): void {
  /** Null when the store does not answer: a vehicle is shown without it. */
  const accountOf = async (vehicle: VehicleId): Promise<VehicleAccount | undefined | null> => {
    const fault = () => new Fault("store_failed", "the store took too long");
    try {
      return await within(store.account(vehicle), { clock, limitMs: storeTimeoutMs, fault });
    } catch (thrown) {
      log.warn("The store does not tell of a vehicle", { vehicle, reason: asFault(thrown).message });
      return null;
    }
  };
  app.openapi(listRoute, (context) => {
    const { limit, cursor, archived, ...filter } = context.req.valid("query");
    const page = fleet.list({ ...filter, isArchived: archived === "true" }, { limit, cursor });
    const vehicles = page.vehicles.map((standing) => vehicleView(standing, wallMs(clock)));
    return context.json({ vehicles, next_cursor: page.cursor ?? null }, 200);
  });
  app.openapi(vehicleRoute, async (context) => {
    const vehicle = parseVehicleId(context.req.valid("param").id);
    const [entry, account] = await Promise.all([registry.find(vehicle), accountOf(vehicle)]);
    const standing = fleet.standing(vehicle, entry);
    if (entry === undefined && standing.presence.state !== "awaiting_registration") {
      throw new Fault("not_found", `Cannot find vehicle "${vehicle}": it is not registered`);
    }
    if (entry !== undefined) context.header("ETag", etagOf(entry.revision));
    return context.json(oneVehicleView(standing, { account, nowMs: wallMs(clock) }), 200);
  });
  // Of a vehicle that nobody registered as well: why it is not there is what is asked.
  app.openapi(explainRoute, async (context) => {
    const vehicle = parseVehicleId(context.req.valid("param").id);
    const account = await accountOf(vehicle);
    const [standing, nowMs] = [fleet.standing(vehicle), wallMs(clock)];
    const findings = explain({ standing, account, nowMs });
    const view = oneVehicleView(standing, { account, nowMs });
    return context.json({ vehicle_id: vehicle, cause: causeOf(findings) ?? null, findings, vehicle: view }, 200);
  });
}

function addWriting(app: OpenAPIHono, { registry, fleet, clock }: FleetAppParts): void {
  const shown = ({ registration, revision }: Entry) => {
    const standing = fleet.standing(registration.vehicle, { registration, revision });
    return { view: vehicleView(standing, wallMs(clock)), headers: { ETag: etagOf(revision) } };
  };
  app.openapi(registerRoute, async (context) => {
    const { vehicle_id: id, ...wish } = context.req.valid("json");
    const { entry, isNew } = await registry.register(parseVehicleId(id), wish);
    const { view, headers } = shown(entry);
    return isNew ? context.json(view, 201, headers) : context.json(view, 200, headers);
  });
  app.openapi(changeRoute, async (context) => {
    const vehicle = parseVehicleId(context.req.valid("param").id);
    const seen = demandPrecondition(context.req.valid("header")["if-match"]);
    const { view, headers } = shown(await registry.change(vehicle, { change: context.req.valid("json"), seen }));
    return context.json(view, 200, headers);
  });
  app.openapi(archiveRoute, async (context) => {
    const vehicle = parseVehicleId(context.req.valid("param").id);
    const seen = preconditionOf(context.req.valid("header")["if-match"]) ?? "any";
    const { view, headers } = shown(await registry.archive(vehicle, seen));
    return context.json(view, 200, headers);
  });
}

function addHealth(app: OpenAPIHono): void {
  app.get("/healthz", (context) => context.text("ok"));
  app.openAPIRegistry.registerComponent("securitySchemes", "bearer", { type: "http", scheme: "bearer" });
  app.doc31("/openapi.json", {
    openapi: "3.1.0",
    info: { title: "SystemScale fleet API", version: "1", license: { name: "Apache-2.0" } },
  });
}

function tooLarge(): never {
  throw new Fault("too_large", `Cannot take the body: wanted at most ${bodyBytesMax} bytes`);
}

function wallMs(clock: Clock): number {
  return Number(clock.wallNs() / 1_000_000n);
}
