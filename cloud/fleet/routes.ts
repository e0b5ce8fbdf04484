/** The routes of the fleet API, as its OpenAPI document shows them. */
import { createRoute, z } from "@hono/zod-openapi";
import { answer, bearerSecurity as security, noQuery, problems, vehiclePath } from "../lib/openapi.ts";
import {
  changeBody,
  explainAnswer,
  listAnswer,
  listQuery,
  oneVehicleAnswer,
  registerBody,
  vehicleAnswer,
} from "./schema.ts";

/** What may go wrong with any of them, with one vehicle, and with a change. */
const ofAny = ["unauthorized", "forbidden", "bad_query", "unavailable"] as const;
const ofOne = ["not_found", ...ofAny] as const;
const ofChange = ["malformed_json", "too_large", "changed_meanwhile", ...ofOne] as const;

const etag = z.object({ ETag: z.string() });
const ifMatchText = "The ETag that was read, so that nobody's change is overwritten unseen; `*` for whatever it is";
const ifMatch = z.object({ "if-match": z.string().max(200).optional().openapi({ description: ifMatchText }) });

function tagged(schema: z.ZodType, description: string) {
  return { ...answer(schema, description), headers: etag };
}

/** Registers. */
export const registerRoute = createRoute({
  method: "post",
  path: "/v1/vehicles",
  summary: "Register a vehicle, or an archived one again",
  description: "Harmless to repeat. With other content it is refused: change it with PATCH.",
  security,
  request: { query: noQuery, body: { required: true, content: { "application/json": { schema: registerBody } } } },
  responses: {
    201: tagged(vehicleAnswer, "Registered"),
    200: tagged(vehicleAnswer, "It is registered so already"),
    ...problems(["malformed_json", "too_large", "registered_otherwise", "too_many", ...ofAny]),
  },
});

/** Lists. */
export const listRoute = createRoute({
  method: "get",
  path: "/v1/vehicles",
  summary: "Vehicles by id, each with its presence",
  security,
  request: { query: listQuery },
  responses: { 200: answer(listAnswer), ...problems(ofAny) },
});

/** Shows one. */
export const vehicleRoute = createRoute({
  method: "get",
  path: "/v1/vehicles/{id}",
  summary: "One vehicle with its presence and the evidence for it",
  security,
  request: { params: vehiclePath, query: noQuery },
  responses: { 200: tagged(oneVehicleAnswer, "As asked"), ...problems(ofOne) },
});

/** Explains one. */
export const explainRoute = createRoute({
  method: "get",
  path: "/v1/vehicles/{id}/explain",
  summary: "Why a vehicle is silent: what was looked at, in order, and the cause",
  security,
  request: { params: vehiclePath, query: noQuery },
  responses: { 200: answer(explainAnswer), ...problems(ofAny) },
});

/** Changes one. */
export const changeRoute = createRoute({
  method: "patch",
  path: "/v1/vehicles/{id}",
  summary: "Change what is registered (RFC 7396)",
  security,
  request: {
    ...{ params: vehiclePath, query: noQuery, headers: ifMatch },
    body: { required: true, content: { "application/json": { schema: changeBody } } },
  },
  responses: { 200: tagged(vehicleAnswer, "Changed"), ...problems(["precondition_required", ...ofChange]) },
});

/** Archives one. */
export const archiveRoute = createRoute({
  method: "delete",
  path: "/v1/vehicles/{id}",
  summary: "Archive a vehicle: its telemetry and history stay; harmless to repeat",
  security,
  request: { params: vehiclePath, query: noQuery, headers: ifMatch },
  responses: { 200: tagged(vehicleAnswer, "Archived"), ...problems(ofChange) },
});
