/** The agent's local API as a Hono app, testable without a network. */
import { type Context, type Handler, Hono } from "hono";
import { metricsMediaType } from "#proto/base/metrics.ts";
import { notFoundProblem, problemHandler, problemResponse } from "#proto/base/problem.ts";
import { codes, Fault } from "#proto/errors.ts";
import type { Clock, Log } from "#proto/ports.ts";
import type { Agent } from "../agent.ts";
import type { Collector } from "../collect/collector.ts";
import { readBody } from "./body.ts";
import { addCommands, type CommandParts } from "./commands.ts";
import { agentMetrics } from "./metrics.ts";
import { openApi } from "./openapi.ts";
import { originGuard } from "./origin_guard.ts";
import { type LogAnswer, type LogParts, postJson, postLines } from "./post_log.ts";
import { statusView } from "./status_view.ts";

/** What the API stands on. */
export interface SdkParts {
  readonly agent: Pick<Agent, "take" | "nowNs" | "status">;
  /** One for all apps over an agent: it holds the streams' shapes. */
  readonly collector: Collector;
  readonly commands: CommandParts["desk"];
  readonly clock: Clock;
  readonly log: Log;
  /** Whether Host and Origin must name this machine: on loopback yes; on a Unix socket no browser comes by. */
  readonly guardOrigin: boolean;
}

/** How each media type that is taken is read. */
const readers: ReadonlyMap<string, (text: string, parts: LogParts) => Promise<LogAnswer>> = new Map([
  ["application/json", postJson],
  ["application/x-ndjson", postLines],
]);

/** Makes the app. */
export function createSdkApp({ agent, collector, commands, clock, log, guardOrigin }: SdkParts): Hono {
  const parts: LogParts = { agent, collector };
  const app = new Hono();
  app.onError(problemHandler((fault) => log.error("Request failed", { error: fault.message })));
  app.notFound(notFoundProblem);
  if (guardOrigin) app.use(originGuard());

  app.get("/healthz", (context) => health(context, agent));
  app.get("/v1/status", (context) => context.json(statusView(agent.status())));
  app.get(
    "/metrics",
    () => new Response(agentMetrics(agent.status()), { headers: { "content-type": metricsMediaType } }),
  );
  app.get("/openapi.json", (context) => context.json(openApi));
  app.post("/v1/log", async (context) => {
    const read = readers.get(mediaTypeOf(context));
    if (read === undefined) throw unsupported(context);
    const { status, body } = await read(await readBody(context.req.raw, clock), parts);
    const type = status < 400 ? "application/json" : "application/problem+json";
    return new Response(JSON.stringify(body), { status, headers: { "content-type": type } });
  });
  addCommands(app, { desk: commands, clock });
  for (const path of ["/healthz", "/v1/status", "/metrics", "/openapi.json", "/v1/commands"]) {
    app.all(path, notAllowed("GET, HEAD"));
  }
  app.all("/v1/log", notAllowed("POST"));
  return app;
}

/** `ok` while linked; otherwise why not, in words. */
function health(context: Context, agent: Pick<Agent, "status">): Response {
  const { link } = agent.status();
  if (link.state === "linked") return context.text("ok");
  const reason = link.reason === undefined ? "" : `${link.reason}: ${link.detail || codes[link.reason].title}`;
  return context.text(`not linked, ${link.state}${reason === "" ? "" : `, ${reason}`}`, 503);
}

function mediaTypeOf(context: Context): string {
  return (context.req.header("content-type") ?? "").split(";")[0].trim().toLowerCase();
}

function unsupported(context: Context): Fault {
  const given = (context.req.header("content-type") ?? "").slice(0, 100);
  return new Fault(
    "unsupported_media_type",
    `Cannot take Content-Type "${given}": wanted ${[...readers.keys()].join(" or ")}`,
  );
}

function notAllowed(allow: string): Handler {
  return ({ req }) => {
    const fault = new Fault("method_not_allowed", `Cannot ${req.method} ${req.path}: wanted ${allow}`);
    return problemResponse(fault, { allow });
  };
}
