import { deepStrictEqual as equal } from "node:assert/strict";
import { Hono } from "hono";
import type { AuthEnv } from "../auth/guard.ts";
import type { AuditFact } from "./audit_log.ts";
import { auditTrail } from "./audit_trail.ts";

Deno.test("calls that change something are written down with their outcome, others are not", async () => {
  const facts: AuditFact[] = [];
  const errors: string[] = [];
  let isAway = false;
  const append = (fact: AuditFact) => {
    if (isAway) return Promise.reject(new Error("away"));
    facts.push(fact);
    return Promise.resolve();
  };
  const app = new Hono<AuthEnv>();
  const log = { debug() {}, info() {}, warn() {}, error: (message: string) => errors.push(message) };
  app.use(async (context, next) => {
    context.set("principal", { id: "key:1", name: "Pilot", role: "admin", groups: [] });
    await next();
  });
  app.use(auditTrail({ append, where: "fleet", log }));
  app.all("/v1/x", async (context) => context.json(await context.req.json().catch(() => null), 201));
  const headers = { "content-type": "application/json" };
  await app.request("/v1/x");
  const answer = await app.request("/v1/x", { method: "POST", headers, body: '{"reason":"wind"}' });
  equal(await answer.json(), { reason: "wind" });
  await app.request("/v1/none", { method: "DELETE" });
  equal(facts.map(({ who, what, why, where, outcome }) => [who, what, why, where, outcome]), [
    ["key:1", "POST /v1/x", "wind", "fleet", 201],
    ["key:1", "DELETE /v1/none", "", "fleet", 404],
  ]);
  isAway = true;
  equal([(await app.request("/v1/x", { method: "PUT", headers, body: "{" })).status, errors.length], [201, 1]);
});
