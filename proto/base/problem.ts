/**
 * Faults as HTTP answers: problem documents of RFC 9457, with our code beside the standard members. For Hono apps.
 */
import type { Context, ErrorHandler, NotFoundHandler } from "hono";
import { HTTPException } from "hono/http-exception";
import { asFault, codes, Fault } from "../errors.ts";

/** A problem document (application/problem+json). */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  /** JSON pointer to the faulty part of the request, where there is one. */
  readonly pointer?: string;
}

/** The document of a fault. What stands behind an internal error is for the log, not for the caller. */
export function problemOf(fault: Fault): Problem {
  const { status, title } = codes[fault.code];
  return {
    type: `urn:systemscale:problem:${fault.code}`,
    title,
    status,
    detail: fault.code === "internal" ? "The server failed; its log says why" : fault.message,
    code: fault.code,
    ...(fault.pointer === undefined ? {} : { pointer: fault.pointer }),
  };
}

/** The answer to a request that met a fault. */
export function problemResponse(fault: Fault, headers: Record<string, string> = {}): Response {
  const problem = problemOf(fault);
  return new Response(JSON.stringify(problem), {
    status: problem.status,
    headers: { "content-type": "application/problem+json", ...headers },
  });
}

/** Makes `app.onError`: every thrown thing becomes a problem; internal ones are told to the log. */
export function problemHandler(onInternal: (fault: Fault, context: Context) => void): ErrorHandler {
  return (error, context) => {
    const fault = error instanceof HTTPException ? faultOfHttp(error) : asFault(error);
    if (fault.code === "internal") onInternal(fault, context);
    return problemResponse(fault);
  };
}

/** `app.notFound`. */
export const notFoundProblem: NotFoundHandler = (context) =>
  problemResponse(
    new Fault("not_found", `Cannot ${context.req.method} ${context.req.path}: there is no such resource`),
  );

/** `defaultHook` of an OpenAPIHono: the first fault of a request that its schema refuses, with a pointer. */
export function schemaProblem(
  result: { success: boolean; error?: { issues: readonly { path: readonly PropertyKey[]; message: string }[] } },
): Response | undefined {
  const issue = result.success ? undefined : result.error?.issues[0];
  if (issue === undefined) return undefined;
  const pointer = issue.path.map((part) => `/${String(part)}`).join("");
  return problemResponse(new Fault("bad_query", `Cannot take the request: ${pointer} ${issue.message}`, { pointer }));
}

/** Hono's own exceptions come from its body and validator middleware. */
function faultOfHttp(error: HTTPException): Fault {
  if (error.status === 413) return new Fault("too_large", error.message, { cause: error });
  if (error.status >= 500) return new Fault("internal", error.message, { cause: error });
  return new Fault("bad_request", error.message, { cause: error });
}
