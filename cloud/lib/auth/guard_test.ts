import { deepStrictEqual as equal, strictEqual, throws } from "node:assert/strict";
import { createHash } from "node:crypto";
import { Hono } from "hono";
import { problemHandler } from "#proto/base/problem.ts";
import { Fault } from "#proto/errors.ts";
import { VirtualClock } from "#proto/testing/clock.ts";
import { MemoryDocuments } from "../documents/testing/memory_documents.ts";
import { apiKeyText, secretHash } from "./api_key.ts";
import { type AuthEnv, authGuard, demand, type GuardParts } from "./guard.ts";
import { keyText } from "./key_record.ts";
import { KeyRing } from "./key_ring.ts";

const silent = { debug() {}, info() {}, warn() {}, error() {} };
const key = { id: "0".repeat(12), secret: "1".repeat(48) };

function served(parts: Omit<GuardParts, "clock">) {
  const app = new Hono<AuthEnv>();
  app.onError(problemHandler(() => {}));
  app.use(authGuard({ ...parts, clock: new VirtualClock() }));
  app.get("/", (context) => context.json(context.get("principal")));
  app.get("/keys", (context) => context.json(demand(context, { capability: "keys" })));
  return async (authorization: string, path = "/") => {
    const answer = await app.request(path, { headers: { authorization } });
    const { code, id } = await answer.json();
    return `${answer.status} ${code ?? id} ${answer.headers.get("www-authenticate") ?? ""}`.trim();
  };
}

async function ringOf() {
  const documents = new MemoryDocuments();
  const about = { id: key.id, name: "Pilot", hash: secretHash(key.secret), createdBy: "token", createdAtMs: 0 };
  await documents.put(key.id, keyText({ ...about, role: "operator", groups: [] }));
  const keys = new KeyRing(silent);
  await keys.load(documents);
  return keys;
}

Deno.test("the first token, a key and a provider's token each tell who asks", async () => {
  const tokenSha256 = createHash("sha256").update("first").digest("hex");
  const verifier = (token: string) =>
    token === "a.b.c"
      ? Promise.resolve({ id: "user:x:1", name: "Ada", role: undefined, groups: [] })
      : Promise.reject(new Fault("unauthorized", "no"));
  const ask = served({ tokenSha256, keys: await ringOf(), verifier });
  equal(await ask("Bearer first"), "200 token");
  equal(await ask(`Bearer ${apiKeyText(key)}`), `200 key:${key.id}`);
  equal(await ask("Bearer a.b.c"), "200 user:x:1");
  equal(await ask("Bearer first", "/keys"), "200 token");
  equal(await ask(`Bearer ${apiKeyText(key)}`, "/keys"), "403 forbidden");
  equal(await ask("Bearer a.b.c", "/keys"), "403 forbidden");
});

Deno.test("everything else stays outside", async () => {
  const ask = served({ keys: await ringOf() });
  strictEqual(await ask(""), "401 unauthorized Bearer");
  strictEqual(await ask("Basic abc"), "401 unauthorized Bearer");
  const wrong = 'Bearer error="invalid_token"';
  for (
    const token of ["x", "a.b.c", "first", apiKeyText({ ...key, secret: "2".repeat(48) }), apiKeyText(key).slice(0, -1)]
  ) {
    strictEqual(await ask(`Bearer ${token}`), `401 unauthorized ${wrong}`, token);
  }
  throws(() => authGuard({ tokenSha256: "no", clock: new VirtualClock() }), { code: "bad_config" });
});
