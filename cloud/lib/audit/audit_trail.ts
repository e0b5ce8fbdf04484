/** Writes down every call that changes something, when it is answered. For Hono apps, behind the guard. */
import type { MiddlewareHandler } from "hono";
import { asFault } from "#proto/errors.ts";
import type { Log } from "#proto/ports.ts";
import type { AuthEnv } from "../auth/guard.ts";
import type { AuditFact } from "./audit_log.ts";

/** What the trail works with. */
export interface AuditTrailParts {
  readonly append: (fact: AuditFact) => Promise<void>;
  /** Name of the service. */
  readonly where: string;
  readonly log: Log;
}

/** Words on why, from a request's body, are kept up to here. */
const whyLengthMax = 500;

/**
 * What is answered is done already, so an entry that cannot be written changes nothing for the caller: it is told to the
 * log, with all that it would have held.
 */
export function auditTrail({ append, where, log }: AuditTrailParts): MiddlewareHandler<AuthEnv> {
  return async (context, next) => {
    const { req } = context;
    const isRead = req.method === "GET" || req.method === "HEAD";
    const why = isRead ? "" : await reasonIn(req.raw);
    await next();
    if (isRead) return;
    const { id: who, name } = context.get("principal");
    const fact = { who, name, what: `${req.method} ${req.path}`, why, where, outcome: context.res.status };
    try {
      await append(fact);
    } catch (thrown) {
      log.error("Cannot write to the audit log", { ...fact, reason: asFault(thrown).message });
    }
  };
}

async function reasonIn(request: Request): Promise<string> {
  if (!/json/.test(request.headers.get("content-type") ?? "")) return "";
  // A copy of the body: the handler reads it as well, and judges it.
  const body: unknown = await request.clone().json().catch(() => undefined);
  const reason = typeof body === "object" && body !== null && "reason" in body ? body.reason : "";
  return typeof reason === "string" ? reason.slice(0, whyLengthMax) : "";
}
