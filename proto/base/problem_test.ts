import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { Hono } from "hono";
import { Fault } from "../errors.ts";
import { notFoundProblem, problemHandler } from "./problem.ts";

function appThatThrows(error: unknown, told: string[] = []): Hono {
  const app = new Hono();
  app.onError(problemHandler((fault) => told.push(fault.message)));
  app.notFound(notFoundProblem);
  app.get("/", () => {
    throw error;
  });
  return app;
}

Deno.test("a fault is answered with its status, code and pointer", async () => {
  const response = await appThatThrows(new Fault("bad_stream", "Cannot", { pointer: "/stream" })).request("/");
  strictEqual(response.status, 422);
  strictEqual(response.headers.get("content-type"), "application/problem+json");
  deepStrictEqual(await response.json(), {
    type: "urn:systemscale:problem:bad_stream",
    title: "Stream name is not valid",
    status: 422,
    detail: "Cannot",
    code: "bad_stream",
    pointer: "/stream",
  });
});

Deno.test("an internal error tells the log what it keeps from the caller", async () => {
  const told: string[] = [];
  const response = await appThatThrows(new Error("password is hunter2"), told).request("/");
  strictEqual(response.status, 500);
  strictEqual((await response.text()).includes("hunter2"), false);
  deepStrictEqual(told, ["password is hunter2"]);
});

Deno.test("an unknown path is a problem too", async () => {
  const response = await appThatThrows(new Error()).request("/nowhere");
  strictEqual((await response.json()).code, "not_found");
});
