/** Lets requests in whose Bearer token (RFC 6750) tells who asks: an API key, the first token, or one of an identity provider. */
import { createHash, timingSafeEqual } from "node:crypto";
import type { Context, MiddlewareHandler } from "hono";
import { Fault } from "#proto/errors.ts";
import { problemResponse } from "#proto/base/problem.ts";
import type { Clock } from "#proto/ports.ts";
import { parseApiKey } from "./api_key.ts";
import type { KeyRing } from "./key_ring.ts";
import { type Asked, demandMay, type Principal } from "./rules.ts";

/** What a request carries behind the guard. */
export interface AuthEnv {
  Variables: {
    principal: Principal;
    /** Who asks now, for answers that go on: rejects with `unauthorized` once the token is refused. */
    askAgain: () => Promise<Principal>;
  };
}

/** Believes tokens of identity providers. Rejects with `unauthorized`, or `unavailable` when it cannot tell. */
export type TokenVerifier = (token: string) => Promise<Principal>;

/** Whom a guard lets in. */
export interface GuardParts {
  /** SHA-256, hex, of a token that may do everything: there must be one before there is a key. */
  readonly tokenSha256?: string | undefined;
  readonly keys?: KeyRing | undefined;
  readonly verifier?: TokenVerifier | undefined;
  readonly clock: Pick<Clock, "wallNs">;
}

/** Who has the first token. */
const first: Principal = { id: "token", name: "operator", role: "admin", groups: [] };

/** Makes the guard; throws `bad_config` for a hash that is none. */
export function authGuard(parts: GuardParts): MiddlewareHandler<AuthEnv> {
  const wanted = parts.tokenSha256 === undefined ? undefined : readHash(parts.tokenSha256);
  return async (context, next) => {
    const token = /^Bearer ([A-Za-z0-9._~+/=-]{1,8192})$/.exec(context.req.header("authorization") ?? "")?.[1];
    if (token === undefined) return refusal("the Authorization header has no Bearer token", "Bearer");
    const ask = () => principalOf(token, { ...parts, wanted });
    try {
      context.set("principal", await ask());
      context.set("askAgain", ask);
    } catch (thrown) {
      if (!(thrown instanceof Fault) || thrown.code !== "unauthorized") throw thrown;
      return problemResponse(thrown, { "www-authenticate": 'Bearer error="invalid_token"' });
    }
    return await next();
  };
}

/** Throws `forbidden` when whoever asks may not do that. */
export function demand(
  context: Context<AuthEnv>,
  asked: Asked,
): Principal {
  const principal = context.get("principal");
  demandMay(principal, asked);
  return principal;
}

async function principalOf(
  token: string,
  { wanted, keys, verifier, clock }: GuardParts & { wanted: Uint8Array | undefined },
): Promise<Principal> {
  if (wanted !== undefined && timingSafeEqual(createHash("sha256").update(token).digest(), wanted)) return first;
  const key = parseApiKey(token);
  if (key !== undefined && keys !== undefined) return keys.principalOf(key, Number(clock.wallNs() / 1_000_000n));
  if (key === undefined && verifier !== undefined && token.split(".").length === 3) return await verifier(token);
  throw new Fault("unauthorized", "Cannot let the request in: the token is not known");
}

function readHash(hex: string): Uint8Array {
  const bytes = /^[0-9a-f]{64}$/i.test(hex.trim()) ? Uint8Array.fromHex(hex.trim()) : undefined;
  if (bytes !== undefined) return bytes;
  throw new Fault("bad_config", "Cannot read the token's SHA-256: wanted 64 hex digits");
}

function refusal(why: string, challenge: string): Response {
  return problemResponse(new Fault("unauthorized", `Cannot let the request in: ${why}`), {
    "www-authenticate": challenge,
  });
}
