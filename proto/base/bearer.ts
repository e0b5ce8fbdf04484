/** Guards an API with one Bearer token (RFC 6750), of which only the SHA-256 is known here. */
import { createHash, timingSafeEqual } from "node:crypto";
import type { MiddlewareHandler } from "hono";
import { Fault } from "../errors.ts";
import { problemResponse } from "./problem.ts";

/** Lets requests pass that carry the token whose SHA-256 (hex) is given. */
export function bearerGuard(tokenSha256: string): MiddlewareHandler {
  const wanted = new Uint8Array(tokenSha256.trim().match(/[0-9a-f]{2}/gi)?.map((pair) => parseInt(pair, 16)) ?? []);
  if (wanted.byteLength !== 32) throw new Fault("bad_config", "Cannot read the token's SHA-256: wanted 64 hex digits");
  return async (context, next) => {
    const token = /^Bearer ([A-Za-z0-9._~+/=-]{1,512})$/.exec(context.req.header("authorization") ?? "")?.[1];
    const got = createHash("sha256").update(token ?? "").digest();
    if (token !== undefined && timingSafeEqual(got, wanted)) return await next();
    const why = token === undefined ? "the Authorization header has no Bearer token" : "the token is not known";
    return problemResponse(new Fault("unauthorized", `Cannot let the request in: ${why}`), {
      "www-authenticate": token === undefined ? "Bearer" : 'Bearer error="invalid_token"',
    });
  };
}
