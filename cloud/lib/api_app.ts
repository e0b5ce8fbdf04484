/** What the APIs of all services begin with: problems, health, the guard, the audit trail, the OpenAPI document. */
import { OpenAPIHono } from "@hono/zod-openapi";
import type { MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { notFoundProblem, problemHandler, schemaProblem } from "#proto/base/problem.ts";
import { Fault } from "#proto/errors.ts";
import type { Log } from "#proto/ports.ts";
import type { AuthEnv } from "./auth/guard.ts";

/** What an API stands on. */
export interface ApiParts {
  /** Its name in the OpenAPI document. */
  readonly title: string;
  /** Lets only requests pass of which it is known who asks. */
  readonly guard: MiddlewareHandler<AuthEnv>;
  /** Writes down what changes something; a service that changes nothing has none. */
  readonly audit?: MiddlewareHandler<AuthEnv> | undefined;
  readonly bodyBytesMax: number;
  readonly log: Log;
  /** Answers by HTTP status. */
  readonly answers: Map<number, number>;
}

/** Makes the app, to which the service adds its routes below `/v1`. */
export function createApi({ title, guard, audit, bodyBytesMax, log, answers }: ApiParts): OpenAPIHono<AuthEnv> {
  const app = new OpenAPIHono<AuthEnv>({ defaultHook: schemaProblem });
  app.onError(problemHandler((fault, { req }) => {
    log.error("Request failed", { method: req.method, path: req.path, error: fault.message });
  }));
  app.notFound(notFoundProblem);
  app.use(async (context, next) => {
    await next();
    answers.set(context.res.status, (answers.get(context.res.status) ?? 0) + 1);
  });
  app.get("/healthz", (context) => context.text("ok"));
  app.openAPIRegistry.registerComponent("securitySchemes", "bearer", { type: "http", scheme: "bearer" });
  app.doc31("/openapi.json", { openapi: "3.1.0", info: { title, version: "1", license: { name: "Apache-2.0" } } });
  app.use("/v1/*", guard);
  app.use(bodyLimit({
    maxSize: bodyBytesMax,
    onError: () => {
      throw new Fault("too_large", `Cannot take the body: wanted at most ${bodyBytesMax} bytes`);
    },
  }));
  if (audit !== undefined) app.use("/v1/*", audit);
  return app;
}
