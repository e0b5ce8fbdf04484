/** The auth API: keys, who asks, and the audit log. */
import type { OpenAPIHono } from "@hono/zod-openapi";
import { type ApiParts, createApi } from "../lib/api_app.ts";
import { type AuditStore, ChainCheck, readEntry, type StoredEntry } from "../lib/audit/audit_log.ts";
import { auditPageMax } from "../lib/audit/limits.ts";
import { type AuthEnv, demand } from "../lib/auth/guard.ts";
import type { KeyRecord } from "../lib/auth/key_record.ts";
import type { ApiKeys } from "./keys.ts";
import { bodyBytesMax } from "./limits.ts";
import { auditRoute, keysRoute, makeKeyRoute, revokeRoute, rotateRoute, verifyRoute, whoRoute } from "./routes.ts";

/** What the app stands on. */
export interface AuthAppParts extends Omit<ApiParts, "title" | "bodyBytesMax"> {
  readonly keys: ApiKeys;
  readonly auditStore: AuditStore;
}

/** Makes the app; it is served by the caller. */
export function createApp({ keys, auditStore, ...parts }: AuthAppParts): OpenAPIHono<AuthEnv> {
  const app = createApi({ ...parts, title: "SystemScale auth API", bodyBytesMax });
  app.openapi(whoRoute, (context) => {
    const { role = null, groups, ...about } = context.get("principal");
    return context.json({ ...about, role, groups: [...groups] }, 200);
  });
  addKeys(app, keys);
  addAudit(app, auditStore);
  return app;
}

function addKeys(app: OpenAPIHono<AuthEnv>, keys: ApiKeys): void {
  app.openapi(keysRoute, (context) => {
    demand(context, { capability: "keys" });
    return context.json({ keys: keys.list().map(keyView) }, 200);
  });
  app.openapi(makeKeyRoute, async (context) => {
    const { id: createdBy } = demand(context, { capability: "keys" });
    const { name, role, groups, expires_in_days: days } = context.req.valid("json");
    const { record, text } = await keys.make({ name, role, groups, createdBy, days });
    return context.json({ ...keyView(record), key: text }, 201);
  });
  app.openapi(rotateRoute, async (context) => {
    demand(context, { capability: "keys" });
    const { record, text } = await keys.rotate(context.req.valid("param").id);
    return context.json({ ...keyView(record), key: text }, 200);
  });
  app.openapi(revokeRoute, async (context) => {
    demand(context, { capability: "keys" });
    return context.json(keyView(await keys.revoke(context.req.valid("param").id)), 200);
  });
}

function addAudit(app: OpenAPIHono<AuthEnv>, store: AuditStore): void {
  app.openapi(auditRoute, async (context) => {
    demand(context, { capability: "audit" });
    const { from, limit } = context.req.valid("query");
    const entries = await store.read(from, limit);
    const last = entries.at(-1);
    return context.json({
      entries: entries.map(auditView),
      next: last !== undefined && entries.length === limit ? last.sequence + 1 : null,
    }, 200);
  });
  app.openapi(verifyRoute, async (context) => {
    demand(context, { capability: "audit" });
    const chain = new ChainCheck();
    for (let from = 1;; from += auditPageMax) {
      const entries = await store.read(from, auditPageMax);
      const broken = chain.check(entries);
      if (broken !== undefined) {
        const { sequence: number, reason } = broken;
        return context.json({ good: false, checked: chain.checked, broken: { number, reason } }, 200);
      }
      if (entries.length < auditPageMax) return context.json({ good: true, checked: chain.checked, broken: null }, 200);
    }
  });
}

function auditView({ sequence, text }: StoredEntry) {
  const { atMs, ...entry } = readEntry(text);
  return { number: sequence, ...entry, at: timeOf(atMs) };
}

function keyView({ id, name, role, groups, createdBy, createdAtMs, expiresAtMs, revokedAtMs }: KeyRecord) {
  return {
    ...{ id, name, role, groups, created_by: createdBy, created_at: timeOf(createdAtMs) },
    expires_at: expiresAtMs === undefined ? null : timeOf(expiresAtMs),
    revoked_at: revokedAtMs === undefined ? null : timeOf(revokedAtMs),
  };
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}
