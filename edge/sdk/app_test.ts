import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { linkedStatus, makeStage } from "./testing/stage.ts";

Deno.test("the guide's test frame is answered durable", async () => {
  const { post, taken } = makeStage();
  const { status, type, body } = await post('{"data":{"test":1,"altitude_m":100.0},"stream":"telemetry"}');
  deepStrictEqual([status, type, body], [200, "application/json", { epoch: "77", seq: 1, state: "durable" }]);
  deepStrictEqual(taken[0].frame.shape.fields, [{ name: "test", type: "f64" }, { name: "altitude_m", type: "f64" }]);
});

Deno.test("health is ok when linked, and says why when not", async () => {
  const linked = await makeStage().request("/healthz");
  deepStrictEqual([linked.status, await linked.text()], [200, "ok"]);
  const link = { ...linkedStatus.link, state: "waiting", reason: "unknown_issuer", detail: "no such issuer" } as const;
  const not = await makeStage({ status: { ...linkedStatus, link } }).request("/healthz");
  strictEqual(not.status, 503);
  match(await not.text(), /unknown_issuer: no such issuer/);
});

Deno.test("media types that a form can send, or that nobody can read, are refused", async () => {
  const { post, taken } = makeStage();
  for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=a", ""]) {
    const { status, body } = await post('{"data":{}}', { "content-type": type });
    deepStrictEqual([status, body.code], [415, "unsupported_media_type"], type);
  }
  strictEqual(taken.length, 0);
  strictEqual((await post('{"data":{}}', { "content-type": "Application/JSON; charset=utf-8" })).status, 200);
});

Deno.test("wrong methods and paths are problems", async () => {
  const { request } = makeStage();
  const wrong = await request("/v1/log");
  deepStrictEqual([wrong.status, wrong.headers.get("allow")], [405, "POST"]);
  strictEqual((await request("/healthz", { method: "DELETE" })).status, 405);
  strictEqual((await request("/healthz", { method: "HEAD" })).status, 200);
  const nowhere = await request("/nowhere");
  deepStrictEqual([nowhere.status, nowhere.headers.get("content-type")], [404, "application/problem+json"]);
});

Deno.test("the API describes each of its paths", async () => {
  const { request, app } = makeStage();
  const { openapi, paths } = await (await request("/openapi.json")).json();
  strictEqual(openapi, "3.1.0");
  const served = new Set(
    app.routes.map(({ path }) => path.replace(":id", "{id}")).filter((path) =>
      path !== "/*" && path !== "/openapi.json"
    ),
  );
  deepStrictEqual(Object.keys(paths).sort(), [...served].sort());
});

Deno.test("every reference of the description leads somewhere", async () => {
  const text = await (await makeStage().request("/openapi.json")).text();
  const { schemas } = JSON.parse(text).components;
  const references = [...text.matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name);
  ok(references.length > 10);
  deepStrictEqual(references.filter((name) => !Object.hasOwn(schemas, name)), []);
});
