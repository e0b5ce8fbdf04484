import { deepEqual, equal } from "node:assert/strict";
import type { Log } from "#proto/ports.ts";
import { createPrivateApp } from "./private_app.ts";

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };

function appWith(reason: string | undefined) {
  return createPrivateApp({
    reasonAgainstReady: () => Promise.resolve(reason),
    metrics: () => Promise.resolve("x 1\n"),
    refusals: () => Promise.reject(new Error("secret")),
  }, silent);
}

Deno.test("a node that is not ready says so with its reason, and is healthy all the same", async () => {
  const app = appWith("the log does not answer");
  const ready = await app.request("/readyz");
  equal(ready.status, 503);
  equal((await ready.json()).detail, "the log does not answer");
  equal((await app.request("/healthz")).status, 200);
});

Deno.test("a ready node answers ok and gives its metrics", async () => {
  const app = appWith(undefined);
  equal(await (await app.request("/readyz")).text(), "ok");
  const metrics = await app.request("/metrics");
  deepEqual([metrics.headers.get("content-type"), await metrics.text()], [
    "text/plain; version=0.0.4; charset=utf-8",
    "x 1\n",
  ]);
});

Deno.test("what fails inside is not told outside", async () => {
  const response = await appWith(undefined).request("/refusals");
  equal(response.status, 500);
  equal((await response.text()).includes("secret"), false);
});
