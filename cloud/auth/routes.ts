/** The routes of the auth API, as its OpenAPI document shows them. */
import { createRoute } from "@hono/zod-openapi";
import { answer, bearerSecurity as security, noQuery, problems } from "../lib/openapi.ts";
import {
  auditAnswer,
  auditQuery,
  keyAnswer,
  keyBody,
  keyPath,
  keysAnswer,
  madeKeyAnswer,
  verifyAnswer,
  whoAnswer,
} from "./schema.ts";

const ofAny = ["unauthorized", "forbidden", "bad_query", "unavailable"] as const;
const ofOne = ["not_found", ...ofAny] as const;

/** Makes a key. */
export const makeKeyRoute = createRoute({
  method: "post",
  path: "/v1/api-keys",
  summary: "Make an API key",
  security,
  request: { query: noQuery, body: { required: true, content: { "application/json": { schema: keyBody } } } },
  responses: { 201: answer(madeKeyAnswer, "Made"), ...problems(["malformed_json", "too_large", "too_many", ...ofAny]) },
});

/** Lists them. */
export const keysRoute = createRoute({
  method: "get",
  path: "/v1/api-keys",
  summary: "All API keys, newest first, without their secrets",
  security,
  request: { query: noQuery },
  responses: { 200: answer(keysAnswer), ...problems(ofAny) },
});

/** Gives one another secret. */
export const rotateRoute = createRoute({
  method: "post",
  path: "/v1/api-keys/{id}/rotate",
  summary: "Give a key another secret; the old one is refused from then on",
  security,
  request: { params: keyPath, query: noQuery },
  responses: { 200: answer(madeKeyAnswer), ...problems(["wrong_state", ...ofOne]) },
});

/** Revokes one. */
export const revokeRoute = createRoute({
  method: "delete",
  path: "/v1/api-keys/{id}",
  summary: "Revoke a key, for good: it is refused everywhere a moment later",
  security,
  request: { params: keyPath, query: noQuery },
  responses: { 200: answer(keyAnswer), ...problems(ofOne) },
});

/** Who asks. */
export const whoRoute = createRoute({
  method: "get",
  path: "/v1/whoami",
  summary: "Who asks, and as what",
  security,
  request: { query: noQuery },
  responses: { 200: answer(whoAnswer), ...problems(["unauthorized", "bad_query"]) },
});

/** The audit log. */
export const auditRoute = createRoute({
  method: "get",
  path: "/v1/audit",
  summary: "Who changed what, oldest first",
  security,
  request: { query: auditQuery },
  responses: { 200: answer(auditAnswer), ...problems(ofAny) },
});

/** Its chain. */
export const verifyRoute = createRoute({
  method: "get",
  path: "/v1/audit/verify",
  summary: "Whether the audit log is as it was written, from the first entry to the last",
  security,
  request: { query: noQuery },
  responses: { 200: answer(verifyAnswer), ...problems(ofAny) },
});
