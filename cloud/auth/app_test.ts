import { deepStrictEqual as equal, match, ok, strictEqual } from "node:assert/strict";
import { createHash } from "node:crypto";
import type { Log } from "#proto/ports.ts";
import { VirtualClock } from "#proto/testing/clock.ts";
import { seededRandom } from "#proto/testing/random.ts";
import { AuditLog } from "../lib/audit/audit_log.ts";
import { auditTrail } from "../lib/audit/audit_trail.ts";
import { MemoryAudit } from "../lib/audit/testing/memory_audit.ts";
import { authGuard } from "../lib/auth/guard.ts";
import { KeyRing } from "../lib/auth/key_ring.ts";
import { MemoryDocuments } from "../lib/documents/testing/memory_documents.ts";
import { createApp } from "./app.ts";
import { ApiKeys } from "./keys.ts";
import { keysMax } from "./limits.ts";
import { authMetrics } from "./metrics.ts";

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };
const first = "the-first-token";

async function staged() {
  const clock = new VirtualClock();
  const documents = new MemoryDocuments();
  const ring = new KeyRing(silent);
  await ring.load(documents);
  const auditStore = new MemoryAudit();
  const audit = new AuditLog(auditStore, clock);
  const answers = new Map<number, number>();
  const app = createApp({
    keys: new ApiKeys({ documents, ring, clock, random: seededRandom(1) }),
    auditStore,
    guard: authGuard({ tokenSha256: createHash("sha256").update(first).digest("hex"), keys: ring, clock }),
    audit: auditTrail({ append: (fact) => audit.append(fact), where: "auth", log: silent }),
    ...{ log: silent, answers },
  });
  const ask = async (
    path: string,
    { token = first, method = "GET", body }: { token?: string; method?: string; body?: unknown } = {},
  ) => {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const response = await app.request(path, {
      method,
      headers,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: await response.json() };
  };
  const make = (body = {}) =>
    ask("/v1/api-keys", { method: "POST", body: { name: "Pilot", role: "operator", ...body } });
  return { ask, make, clock, auditStore, answers, ring, documents };
}

Deno.test("a key is shown once, tells who asks, and is refused the moment it is revoked", async () => {
  const { ask, make, documents } = await staged();
  const made = await make({ groups: ["north"] });
  strictEqual(made.status, 201);
  match(made.body.key, /^ssk_/);
  const { id, key } = made.body;
  equal((await ask("/v1/whoami", { token: key })).body, {
    id: `key:${id}`,
    name: "Pilot",
    role: "operator",
    groups: ["north"],
  });
  const listed = (await ask("/v1/api-keys")).body.keys;
  equal([listed.length, listed[0].id, "key" in listed[0], "hash" in listed[0]], [1, id, false, false]);
  // Nowhere is there more of the secret than its hash.
  ok(!(await documents.read(id))?.text.includes(key.split("_")[2]));
  equal((await ask("/v1/api-keys", { token: key })).body.code, "forbidden");
  const revoked = await ask(`/v1/api-keys/${id}`, { method: "DELETE" });
  equal([revoked.status, revoked.body.revoked_at !== null], [200, true]);
  strictEqual((await ask("/v1/whoami", { token: key })).status, 401);
  strictEqual((await ask(`/v1/api-keys/${id}`, { method: "DELETE" })).status, 200);
  equal((await ask(`/v1/api-keys/${id}/rotate`, { method: "POST" })).body.code, "wrong_state");
});

Deno.test("a rotated key has another secret, an old one ends with its time", async () => {
  const { ask, make, clock } = await staged();
  const { id, key } = (await make({ expires_in_days: 1 })).body;
  const next = (await ask(`/v1/api-keys/${id}/rotate`, { method: "POST" })).body.key;
  equal([(await ask("/v1/whoami", { token: key })).status, (await ask("/v1/whoami", { token: next })).status], [
    401,
    200,
  ]);
  await clock.advance(86_400_000);
  strictEqual((await ask("/v1/whoami", { token: next })).status, 401);
});

Deno.test("what is wrong with a wish is named, and keys are bounded", async () => {
  const { ask, make } = await staged();
  for (const part of [{ name: "" }, { role: "king" }, { groups: ["a b"] }, { expires_in_days: 0 }, { secret: "x" }]) {
    strictEqual((await make(part)).status, 422, JSON.stringify(part));
  }
  strictEqual((await ask("/v1/api-keys/000000000000", { method: "DELETE" })).status, 404);
  strictEqual((await ask("/v1/api-keys/x", { method: "DELETE" })).status, 422);
  for (let i = 0; i < keysMax; i++) await make();
  equal((await make()).body.code, "too_many");
});

Deno.test("every change is in the audit log with who, what, why and the outcome, and the chain holds or does not", async () => {
  const { ask, make, auditStore } = await staged();
  const { key } = (await make({ reason: "for the north" })).body;
  await ask("/v1/api-keys", { token: key, method: "POST", body: { name: "x", role: "admin" } });
  await ask("/v1/api-keys");
  const { entries, next } = (await ask("/v1/audit")).body;
  equal(
    entries.map((
      { who, what, why, outcome }: Record<string, unknown>,
    ) => [String(who).slice(0, 4), what, why, outcome]),
    [
      ["toke", "POST /v1/api-keys", "for the north", 201],
      ["key:", "POST /v1/api-keys", "", 403],
    ],
  );
  strictEqual(next, null);
  equal((await ask("/v1/audit?from=1&limit=1")).body.next, 2);
  equal((await ask("/v1/audit/verify")).body, { good: true, checked: 2, broken: null });
  const [entry] = auditStore.entries;
  auditStore.entries[0] = { ...entry, text: entry.text.replace("201", "403") };
  const { good, broken } = (await ask("/v1/audit/verify")).body;
  equal([good, broken.number], [false, 2]);
  strictEqual((await ask("/v1/audit", { token: key })).status, 403);
});

Deno.test("metrics count answers and keys", async () => {
  const { ask, make, answers, ring } = await staged();
  await make();
  await ask("/v1/whoami");
  const text = authMetrics(answers, ring.keys);
  ok(text.includes("auth_keys 1") && text.includes('auth_answers_total{status="201"} 1'), text);
});
