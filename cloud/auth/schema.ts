/** What requests and answers look like, for checking the ones and documenting both. */
import { z } from "@hono/zod-openapi";
import { vehicleIdPattern } from "#proto/ids.ts";
import { auditPageMax } from "../lib/audit/limits.ts";
import { roles } from "../lib/auth/rules.ts";
import { limit } from "../lib/openapi.ts";
import { auditLimitDefault, keyDaysMax, keyGroupsMax, keyNameLengthMax } from "./limits.ts";

/** Body of `POST /v1/api-keys`. */
export const keyBody = z.strictObject({
  name: z.string().min(1).max(keyNameLengthMax).openapi({ example: "Ground station north" }),
  role: z.enum(roles),
  groups: z.array(z.string().regex(vehicleIdPattern)).max(keyGroupsMax).default([]).openapi({
    description: "Groups of vehicles that it is limited to; none: all vehicles",
  }),
  expires_in_days: z.number().int().min(1).max(keyDaysMax).optional(),
  reason: z.string().max(500).default(""),
}).openapi("NewApiKey");

/** Parameters in the path of one key. */
export const keyPath = z.strictObject({ id: z.string().regex(/^[0-9a-f]{12}$/) });

const time = z.string().openapi({ description: "RFC 3339, UTC" });

/** A key, without its secret. */
export const keyAnswer = z.object({
  id: z.string(),
  name: z.string(),
  role: z.enum(roles),
  groups: z.array(z.string()),
  created_by: z.string(),
  created_at: time,
  expires_at: time.nullable(),
  revoked_at: time.nullable(),
}).openapi("ApiKey");

/** A key with its text. */
export const madeKeyAnswer = keyAnswer.extend({
  key: z.string().openapi({ description: "Shown this once: what is kept is a hash" }),
}).openapi("ApiKeyWithSecret");

/** All keys. */
export const keysAnswer = z.object({ keys: z.array(keyAnswer) }).openapi("ApiKeys");

/** Who asks. */
export const whoAnswer = z.object({
  id: z.string(),
  name: z.string(),
  role: z.enum(roles).nullable(),
  groups: z.array(z.string()),
}).openapi("Principal");

/** Parameters of `GET /v1/audit`. */
export const auditQuery = z.strictObject({
  from: z.string().regex(/^[1-9]\d{0,14}$/).transform(Number).prefault("1").openapi({
    type: "integer",
    description: "Number of the first entry; `next` of the answer before",
  }),
  limit: limit({ most: auditPageMax, usual: auditLimitDefault }),
});

/** A page of the audit log. */
export const auditAnswer = z.object({
  entries: z.array(z.object({
    number: z.number().int(),
    at: time,
    who: z.string(),
    name: z.string(),
    what: z.string(),
    why: z.string(),
    where: z.string(),
    outcome: z.number().int().openapi({ description: "HTTP status of the answer" }),
    before: z.string().openapi({ description: "SHA-256 of the entry before" }),
  })),
  next: z.number().int().nullable(),
}).openapi("Audit");

/** Whether the chain holds. */
export const verifyAnswer = z.object({
  good: z.boolean(),
  checked: z.number().int().openapi({ description: "Entries that are as they were written, from the first on" }),
  broken: z.object({ number: z.number().int(), reason: z.string() }).nullable(),
}).openapi("AuditCheck");
