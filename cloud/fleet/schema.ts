/** What requests and answers look like, for checking the ones and documenting both. */
import { z } from "@hono/zod-openapi";
import { limit, vehicleId } from "../lib/openapi.ts";
import { missingCauses } from "../lib/store/vehicle_account.ts";
import { fleetChecks } from "./explain.ts";
import { listLimitDefault, listLimitMax } from "./limits.ts";
import { presenceStates } from "./presence.ts";
import { groupPattern, tagPattern, typePattern, wishShape } from "../lib/registration.ts";

const { type, name, tags, groups } = wishShape;

/** Body of `POST /v1/vehicles`. */
export const registerBody = z.strictObject({
  vehicle_id: vehicleId,
  type: type.openapi({ example: "fixed-wing" }),
  name: name.openapi({ example: "Survey Alpha" }),
  tags: tags.default({}).openapi({ example: { site: "north" } }),
  groups: groups.default([]).openapi({ example: ["survey"] }),
}).openapi("Register");

/** Body of `PATCH /v1/vehicles/{id}` (RFC 7396). */
export const changeBody = z.strictObject({
  type: type.optional(),
  name: name.optional(),
  tags: z.record(z.string().regex(tagPattern), z.string().nullable()).optional().openapi({
    description: "Tags that are named change, those that are null are taken away, the others stay",
  }),
  groups: groups.optional(),
}).openapi("Change");

/** Parameters of `GET /v1/vehicles`. */
export const listQuery = z.strictObject({
  type: z.string().regex(typePattern).optional(),
  group: z.string().regex(groupPattern).optional(),
  tag: z.string().max(330).optional().openapi({ description: "`name`, or `name:value`", example: "site:north" }),
  state: z.enum(presenceStates).optional().openapi({
    description: "`awaiting_registration` lists vehicles that are linked and not registered",
  }),
  archived: z.enum(["true", "false"]).default("false"),
  limit: limit({ most: listLimitMax, usual: listLimitDefault }),
  cursor: z.string().max(200).optional().openapi({
    description: "`next_cursor` of the answer before; all filters unchanged",
  }),
});

const time = z.string().openapi({ description: "RFC 3339, UTC", example: "2026-11-27T05:10:00.000Z" });

const ended = z.object({ at: time, code: z.string(), detail: z.string() });

/** A vehicle as it stands. */
export const vehicleAnswer = z.object({
  vehicle_id: z.string(),
  registered: z.boolean(),
  type: z.string().nullable(),
  name: z.string().nullable(),
  tags: z.record(z.string(), z.string()),
  groups: z.array(z.string()),
  registered_at: time.nullable(),
  changed_at: time.nullable(),
  archived_at: time.nullable(),
  presence: z.object({
    state: z.enum(presenceStates),
    since: time.nullable(),
    reason: z.string().openapi({ description: "A code, or a word; empty where the state says it all" }),
    detail: z.string(),
  }),
  link: z.object({
    relay: z.string(),
    shard: z.number().int(),
    session: z.string(),
    since: time.nullable(),
    agent_version: z.string(),
    peer: z.string(),
    rtt_ms: z.number().nullable(),
    clock_offset_ms: z.number().nullable(),
    frames: z.number().int().nullable(),
    quiet_ms: z.number().nullable().openapi({ description: "Between the last data and the relay's last digest" }),
  }).nullable(),
  last_login: z.object({ at: time, relay: z.string(), agent_version: z.string() }).nullable(),
  last_end: ended.nullable(),
  last_refusal: ended.extend({ count: z.number().int() }).nullable().openapi({
    description: "Of a login under this vehicle's name, which anyone can claim; gone with the next login",
  }),
  certificate: z.object({ not_after: time, days_left: z.number().int() }).nullable(),
}).openapi("Vehicle");

/** The ledger's account in short. */
const ledger = z.object({
  last_heard_at: time,
  expected: z.number().int(),
  stored: z.number().int(),
  missing: z.record(z.enum(missingCauses), z.number().int()),
  oldest_missing_since: time.nullable(),
}).nullable().openapi({ description: "Null when no telemetry has arrived, or the store does not answer" });

/** One vehicle, with its account. */
export const oneVehicleAnswer = vehicleAnswer.extend({ ledger }).openapi("VehicleAndLedger");

/** A page of vehicles. */
export const listAnswer = z.object({
  vehicles: z.array(vehicleAnswer),
  next_cursor: z.string().nullable(),
}).openapi("Vehicles");

const finding = z.object({
  check: z.enum(fleetChecks),
  state: z.enum(["good", "warning", "bad", "unknown"]),
  cause: z.string(),
  says: z.string(),
  advice: z.string().optional(),
}).openapi("Finding");

/** Why a vehicle is silent. */
export const explainAnswer = z.object({
  vehicle_id: z.string(),
  cause: finding.nullable().openapi({ description: "The first bad finding, else the first that is not good" }),
  findings: z.array(finding),
  vehicle: oneVehicleAnswer,
}).openapi("Explanation");
