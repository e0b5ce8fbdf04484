import { createHash } from "node:crypto";
import { strictEqual, throws } from "node:assert/strict";
import { Hono } from "hono";
import { bearerGuard } from "./bearer.ts";

const app = new Hono();
app.use(bearerGuard(createHash("sha256").update("secret").digest("hex")));
app.get("/", (context) => context.text("in"));

async function statusWith(authorization?: string): Promise<number> {
  return (await app.request("/", { headers: authorization === undefined ? {} : { authorization } })).status;
}

Deno.test("only the right token opens", async () => {
  strictEqual(await statusWith("Bearer secret"), 200);
  for (
    const wrong of [undefined, "", "secret", "Bearer", "Bearer ", "Bearer secre", "Bearer secret x", "Basic secret"]
  ) {
    strictEqual(await statusWith(wrong), 401, String(wrong));
  }
});

Deno.test("a hash that is none is refused at start", () => {
  throws(() => bearerGuard("abc"), /64 hex digits/);
});
