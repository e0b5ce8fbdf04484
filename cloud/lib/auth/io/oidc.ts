/**
 * Access tokens of an OpenID provider (RFC 9068, OpenID Connect Discovery 1.0): signature by one of its present keys, issuer,
 * audience, times. Its keys are fetched when they are first wanted and again when a token names one that is not known; while
 * the provider is away the keys that are known go on to serve.
 */
import { createRemoteJWKSet, errors, jwtVerify, type JWTVerifyGetKey } from "jose";
import { z } from "zod";
import { asFault, Fault } from "#proto/errors.ts";
import type { TokenVerifier } from "../guard.ts";
import { type ClaimPaths, principalOfClaims } from "../token_claims.ts";

/** One provider. */
export interface OidcOptions {
  /** As in the tokens' `iss`, to the letter. */
  readonly issuer: string;
  /** What must stand in `aud`, or in `azp` where a provider writes no audience. */
  readonly audience: string;
  readonly claims: ClaimPaths;
}

/** No other algorithm is believed, whatever a token says. */
const algorithms = ["RS256", "PS256", "ES256", "EdDSA"];
/** How far clocks may be apart. */
const toleranceSeconds = 30;
/** Discovery is fetched at most so often while it fails. */
const discoveryRetryMs = 2_000;
const fetchTimeoutMs = 4_000;

const discovery = z.object({ issuer: z.string(), jwks_uri: z.url() });

/** Believes the tokens of one provider. Nothing is fetched before there is a token to look at. */
export function oidcVerifier({ issuer, audience, claims }: OidcOptions): TokenVerifier {
  let keys: { readonly found: Promise<JWTVerifyGetKey>; readonly retryAtMs: number } | undefined;
  const keySet = () => {
    if (keys === undefined || performance.now() >= keys.retryAtMs) {
      const found = discover(issuer);
      const mine = { found, retryAtMs: performance.now() + discoveryRetryMs };
      keys = mine;
      // Once it is known it is known for good; jose looks after new keys.
      found.then(() => keys = { found, retryAtMs: Infinity }, () => undefined);
    }
    return keys.found;
  };
  return async (token) => {
    const getKey = await keySet();
    try {
      const { payload } = await jwtVerify(token, getKey, {
        ...{ issuer, algorithms, clockTolerance: toleranceSeconds },
        requiredClaims: ["exp", "sub"],
      });
      const audiences = [payload.aud ?? [], payload.azp ?? []].flat();
      if (!audiences.includes(audience)) throw unauthorized("the token is for another audience");
      return principalOfClaims(payload, claims);
    } catch (thrown) {
      throw translated(thrown);
    }
  };
}

async function discover(issuer: string): Promise<JWTVerifyGetKey> {
  try {
    const url = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
    const response = await fetch(url, { signal: AbortSignal.timeout(fetchTimeoutMs), redirect: "error" });
    const found = discovery.parse(await response.json());
    if (found.issuer !== issuer) throw new Error(`it says that it is "${found.issuer}"`);
    return createRemoteJWKSet(new URL(found.jwks_uri), { timeoutDuration: fetchTimeoutMs });
  } catch (cause) {
    throw new Fault("unavailable", `Cannot reach the identity provider "${issuer}": ${asFault(cause).message}`, {
      cause,
    });
  }
}

function translated(thrown: unknown): Fault {
  if (thrown instanceof Fault) return thrown;
  const isOfToken = thrown instanceof errors.JOSEError && !(thrown instanceof errors.JWKSTimeout) &&
    thrown.code !== "ERR_JOSE_GENERIC";
  if (isOfToken) return unauthorized(thrown.message);
  return new Fault("unavailable", `Cannot get the identity provider's keys: ${asFault(thrown).message}`, {
    cause: thrown,
  });
}

function unauthorized(why: string): Fault {
  return new Fault("unauthorized", `Cannot let the request in: ${why}`);
}
