import { equal, ok, rejects } from "node:assert/strict";
import { begunIfDurable } from "./durable_post.ts";

/** A client whose every post ends so. */
function client(end: () => string) {
  return {
    post: () => new Promise<string>((resolve) => resolve(end())).then((text) => ({ status: 200, text, isLast: false })),
  };
}

Deno.test("only a durable answer counts, and that nobody listens yet is none", async () => {
  const beforeMs = performance.now();
  ok(Number(await begunIfDurable(client(() => '{"state":"durable"}'), "{}")) >= beforeMs);
  equal(await begunIfDurable(client(() => '{"state":"buffered"}'), "{}"), undefined);
  const refuse = () => {
    throw new Deno.errors.ConnectionRefused("refused");
  };
  equal(await begunIfDurable(client(refuse), "{}"), undefined);
});

Deno.test("a connection that breaks is told", async () => {
  const breaks = () => {
    throw new Error("broken");
  };
  await rejects(begunIfDurable(client(breaks), "{}"), /broken/);
});
