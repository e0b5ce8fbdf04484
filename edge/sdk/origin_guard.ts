/**
 * Keeps web pages out. The API has no password: software on the vehicle may use it, but a page that a browser on the
 * same machine shows must not, neither by a name that resolves to loopback (DNS rebinding) nor from another origin.
 */
import type { MiddlewareHandler } from "hono";
import { Fault } from "#proto/errors.ts";
import { isLoopback } from "../config.ts";

/** Refuses requests whose Host or Origin is not this machine with `forbidden_origin`. */
export function originGuard(): MiddlewareHandler {
  return async (context, next) => {
    const host = context.req.header("host");
    if (host === undefined || !isLoopback(hostnameOf(host))) {
      throw new Fault("forbidden_origin", `Cannot let the request in: Host is "${host ?? ""}", wanted localhost`);
    }
    const origin = context.req.header("origin");
    if (origin !== undefined && !isLoopback(hostnameOf(origin.replace(/^[a-z]+:\/\//i, "")))) {
      throw new Fault(
        "forbidden_origin",
        `Cannot let the request in: it comes from the page "${origin.slice(0, 100)}"`,
      );
    }
    await next();
  };
}

/** The name before the port, without brackets. */
function hostnameOf(host: string): string {
  const name = /^\[([0-9A-Fa-f:]+)\](?::\d+)?$/.exec(host)?.[1] ?? host.replace(/:\d+$/, "");
  return name.toLowerCase();
}
