/** The fleet API: the registry of vehicles, and for each whether it is there and why it is thought so. */
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import { asFault, Fault } from "#proto/errors.ts";
import { parseVehicleId, type VehicleId } from "#proto/ids.ts";
import type { Clock } from "#proto/ports.ts";
import { type ApiParts, createApi } from "../lib/api_app.ts";
import { type AuthEnv, demand } from "../lib/auth/guard.ts";
import { reasonAgainst } from "../lib/auth/rules.ts";
import type { StoreReader } from "../lib/store/store.ts";
import type { VehicleAccount } from "../lib/store/vehicle_account.ts";
import { within } from "#proto/within.ts";
import { causeOf, explain } from "./explain.ts";
import type { Fleet, Standing } from "./fleet.ts";
import { demandPrecondition, etagOf, preconditionOf } from "./if_match.ts";
import { bodyBytesMax, storeTimeoutMs } from "./limits.ts";
import type { FleetCounts } from "./metrics.ts";
import type { Entry, Registry } from "./registry.ts";
import { archiveRoute, changeRoute, explainRoute, listRoute, registerRoute, vehicleRoute } from "./routes.ts";
import { oneVehicleView, vehicleView } from "./view.ts";

/** What the app stands on. */
export interface FleetAppParts extends Pick<ApiParts, "guard" | "audit" | "log"> {
  readonly registry: Registry;
  readonly fleet: Fleet;
  /** For what the ledger says of a vehicle. */
  readonly store: Pick<StoreReader, "account">;
  readonly clock: Clock;
  readonly counts: FleetCounts;
}

/** Makes the app; it is served by the caller. */
export function createApp(parts: FleetAppParts): OpenAPIHono<AuthEnv> {
  const { counts: { answers } } = parts;
  const app = createApi({ ...parts, title: "SystemScale fleet API", bodyBytesMax, answers });
  addReading(app, parts);
  addWriting(app, parts);
  return app;
}

function addReading(app: OpenAPIHono<AuthEnv>, { registry, fleet, store, clock, log }: FleetAppParts): void {
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
    const principal = demand(context, { capability: "read", vehicleGroups: context.get("principal").groups });
    // Whoever is limited to groups sees these alone.
    const isSeen = ({ entry }: Standing) => {
      const vehicleGroups = entry?.registration.groups ?? [];
      return reasonAgainst(principal, { capability: "read", vehicleGroups }) === undefined;
    };
    const page = fleet.list({ ...filter, isArchived: archived === "true" }, { limit, cursor, isSeen });
    const vehicles = page.vehicles.map((standing) => vehicleView(standing, wallMs(clock)));
    return context.json({ vehicles, next_cursor: page.cursor ?? null }, 200);
  });
  app.openapi(vehicleRoute, async (context) => {
    const vehicle = parseVehicleId(context.req.valid("param").id);
    const [entry, account] = await Promise.all([registry.find(vehicle), accountOf(vehicle)]);
    const standing = fleet.standing(vehicle, entry);
    demand(context, { capability: "read", vehicleGroups: entry?.registration.groups ?? [] });
    if (entry === undefined && standing.presence.state !== "awaiting_registration") {
      throw new Fault("not_found", `Cannot find vehicle "${vehicle}": it is not registered`);
    }
    if (entry !== undefined) context.header("ETag", etagOf(entry.revision));
    return context.json(oneVehicleView(standing, { account, nowMs: wallMs(clock) }), 200);
  });
  // Of a vehicle that nobody registered as well: why it is not there is what is asked.
  app.openapi(explainRoute, async (context) => {
    const vehicle = parseVehicleId(context.req.valid("param").id);
    const [standing, nowMs] = [fleet.standing(vehicle), wallMs(clock)];
    demand(context, { capability: "read", vehicleGroups: standing.entry?.registration.groups ?? [] });
    const account = await accountOf(vehicle);
    const findings = explain({ standing, account, nowMs });
    const view = oneVehicleView(standing, { account, nowMs });
    return context.json({ vehicle_id: vehicle, cause: causeOf(findings) ?? null, findings, vehicle: view }, 200);
  });
}

function addWriting(app: OpenAPIHono<AuthEnv>, { registry, fleet, clock }: FleetAppParts): void {
  const shown = ({ registration, revision }: Entry) => {
    const standing = fleet.standing(registration.vehicle, { registration, revision });
    return { view: vehicleView(standing, wallMs(clock)), headers: { ETag: etagOf(revision) } };
  };
  const demandFor = (
    context: Context<AuthEnv>,
    { capability, vehicle }: { capability: "register" | "archive"; vehicle: VehicleId },
  ) => demand(context, { capability, vehicleGroups: registry.known(vehicle)?.registration.groups ?? [] });
  app.openapi(registerRoute, async (context) => {
    const { vehicle_id: id, ...wish } = context.req.valid("json");
    demand(context, { capability: "register", vehicleGroups: wish.groups });
    const { entry, isNew } = await registry.register(parseVehicleId(id), wish);
    const { view, headers } = shown(entry);
    return isNew ? context.json(view, 201, headers) : context.json(view, 200, headers);
  });
  app.openapi(changeRoute, async (context) => {
    const vehicle = parseVehicleId(context.req.valid("param").id);
    demandFor(context, { capability: "register", vehicle });
    const seen = demandPrecondition(context.req.valid("header")["if-match"]);
    const { view, headers } = shown(await registry.change(vehicle, { change: context.req.valid("json"), seen }));
    return context.json(view, 200, headers);
  });
  app.openapi(archiveRoute, async (context) => {
    const vehicle = parseVehicleId(context.req.valid("param").id);
    demandFor(context, { capability: "archive", vehicle });
    const seen = preconditionOf(context.req.valid("header")["if-match"]) ?? "any";
    const { view, headers } = shown(await registry.archive(vehicle, seen));
    return context.json(view, 200, headers);
  });
}

function wallMs(clock: Clock): number {
  return Number(clock.wallNs() / 1_000_000n);
}
