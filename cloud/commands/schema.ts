/** What requests and answers look like, for checking the ones and documenting both. */
import { z } from "@hono/zod-openapi";
import { commandIdPattern } from "#proto/command_id.ts";
import { commandStates } from "#proto/command_state.ts";
import { commandClasses } from "#proto/order.ts";
import { roles } from "../lib/auth/rules.ts";
import { limit, vehicleId } from "../lib/openapi.ts";
import { groupPattern } from "../lib/registration.ts";
import { commandTypePattern } from "./catalogue.ts";
import {
  groupRateDefault,
  groupRateMax,
  groupRateMin,
  groupVehiclesMax,
  listLimitDefault,
  listLimitMax,
  reasonLengthMax,
  ttlMsDefault,
  ttlMsMax,
  ttlMsMin,
  waitMsMax,
} from "./limits.ts";

const reason = z.string().max(reasonLengthMax).default("");

/** Body of `POST /v1/commands`. */
export const commandBody = z.strictObject({
  vehicle_id: vehicleId,
  type: z.string().regex(commandTypePattern).openapi({ example: "rtl" }),
  data: z.record(z.string(), z.unknown()).default({}).openapi({ example: {} }),
  priority: z.enum(["low", "normal", "high"]).default("normal").openapi({
    description: "For whoever looks at the vehicle's commands; stops have a way of their own",
  }),
  ttl_ms: z.number().int().min(ttlMsMin).max(ttlMsMax).default(ttlMsDefault).openapi({
    description: "How long it may wait for its vehicle, and be begun there",
  }),
  wait_ms: z.number().int().min(0).max(waitMsMax).default(0).openapi({
    description: "Answer when there is an outcome, or after so long with what there is",
  }),
  reason,
}).openapi("Command");

/** Body of `POST /v1/group-commands`. */
export const groupBody = commandBody.omit({ vehicle_id: true, wait_ms: true }).extend({
  vehicle_ids: z.array(vehicleId).min(1).max(groupVehiclesMax).optional(),
  group: z.string().regex(groupPattern).optional().openapi({ description: "Or all vehicles of a group" }),
  rate_per_second: z.number().min(groupRateMin).max(groupRateMax).default(groupRateDefault),
  abort_after: z.number().int().min(1).optional().openapi({
    description: "No more vehicles are commanded once so many refused or failed",
  }),
}).refine(({ vehicle_ids: ids, group }) => (ids === undefined) !== (group === undefined), {
  path: ["vehicle_ids"],
  message: "wanted vehicle_ids or group, one of them",
}).openapi("GroupCommand");

/** Headers of `POST /v1/commands`. */
export const keyHeader = z.object({
  "idempotency-key": z.string().regex(/^[\x21-\x7e]{1,128}$/).optional().openapi({
    description: "The same key and request give the same command; kept for a day",
  }),
});

/** Body of a stop and of its release. */
export const stopBody = z.strictObject({ reason }).openapi("StopReason");

/** Parameters in the path of one command. */
export const commandPath = z.strictObject({ id: z.string().regex(commandIdPattern) });

/** Parameters of `GET /v1/commands/{id}`. */
export const commandQuery = z.strictObject({
  wait_ms: z.string().regex(/^\d{1,5}$/).transform(Number).pipe(z.number().max(waitMsMax)).prefault("0").openapi({
    type: "integer",
    maximum: waitMsMax,
    description: "Answer when there is an outcome, or after so long",
  }),
});

/** Parameters of `GET /v1/commands`. */
export const listQuery = z.strictObject({
  vehicle_id: vehicleId.optional(),
  state: z.enum(commandStates).optional(),
  limit: limit({ most: listLimitMax, usual: listLimitDefault }),
  cursor: z.string().regex(commandIdPattern).optional().openapi({ description: "`next_cursor` of the answer before" }),
});

const time = z.string().openapi({ description: "RFC 3339, UTC" });

/** A command with the ladder of its states. */
export const commandAnswer = z.object({
  command_id: z.string(),
  vehicle_id: z.string(),
  type: z.string(),
  class: z.enum(commandClasses),
  data: z.record(z.string(), z.unknown()),
  priority: z.string(),
  issuer: z.string(),
  reason: z.string(),
  state: z.enum(commandStates),
  final: z.boolean().openapi({ description: "Nothing more can become of it; `unknown` then stays unknown" }),
  created_at: time,
  expires_at: time.openapi({ description: "It is not begun after that" }),
  result: z.unknown().openapi({
    description: "What the vehicle told last: progress, then the result; null before that",
  }),
  steps: z.array(z.object({
    state: z.enum(commandStates),
    at: time,
    by: z.enum(["cloud", "vehicle"]).openapi({ description: "Whose word it is; a vehicle's is signed by its key" }),
    code: z.string(),
    detail: z.string(),
  })),
}).openapi("CommandState");

/** A page of commands. */
export const listAnswer = z.object({
  commands: z.array(commandAnswer),
  next_cursor: z.string().nullable(),
}).openapi("Commands");

/** A type of command, for whoever wants to offer it. */
export const typeAnswer = z.object({
  type: z.string(),
  class: z.enum(commandClasses),
  role: z.enum(roles).openapi({ description: "The least role that may give it" }),
  vehicle_types: z.array(z.string()).nullable().openapi({ description: "That know it; null: all" }),
  data: z.record(z.string(), z.unknown()).openapi({ description: "JSON Schema of its data" }),
}).openapi("CommandType");

/** The types of commands. */
export const typesAnswer = z.object({ types: z.array(typeAnswer) }).openapi("CommandTypes");
/** Whether a vehicle is stopped. */
export const stopAnswer = z.object({
  vehicle_id: z.string(),
  stopped: z.boolean(),
  number: z.string().nullable().openapi({ description: "Of the last stop" }),
  issuer: z.string().nullable(),
  reason: z.string().nullable(),
  at: time.nullable(),
  acknowledged_at: time.nullable().openapi({
    description: "When the vehicle said by its signature that it has done so; null: not yet, and it is asked again",
  }),
}).openapi("Stop");
