/** Tokens of an identity provider over real HTTP, good ones and every kind of bad ones; its keys rotate, and it goes away. */
import { deepStrictEqual as equal, rejects, strictEqual } from "node:assert/strict";
import { type CryptoKey, exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import { oidcVerifier } from "#cloud/lib/auth/io/oidc.ts";

interface Key {
  readonly kid: string;
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
}

const claims = { realm_access: { roles: ["operator"] }, preferred_username: "ada", azp: "console" };

async function newKey(kid: string): Promise<Key> {
  return { kid, ...await generateKeyPair("ES256", { extractable: true }) };
}

/** A provider of its own: discovery and a list of keys. */
function provider() {
  const published: Key[] = [];
  let isAway = false;
  const server: Deno.HttpServer<Deno.NetAddr> = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request) => {
      if (isAway) return new Response("away", { status: 503 });
      if (new URL(request.url).pathname === "/keys") {
        const keys = await Promise.all(
          published.map(async ({ kid, publicKey }) => ({ ...await exportJWK(publicKey), kid, alg: "ES256" })),
        );
        return Response.json({ keys });
      }
      return Response.json({ issuer, jwks_uri: `${issuer}/keys` });
    },
  );
  const issuer: string = `http://127.0.0.1:${server.addr.port}`;
  return { issuer, published, goAway: (away: boolean) => isAway = away, stop: () => server.shutdown() };
}

function token(
  { kid, privateKey }: Key,
  issuer: string,
  { payload = {}, expires = "5m", alg = "ES256" }: { payload?: JWTPayload; expires?: string; alg?: string } = {},
): Promise<string> {
  return new SignJWT({ ...claims, ...payload }).setProtectedHeader({ alg, kid }).setIssuer(issuer).setSubject("42")
    .setIssuedAt().setExpirationTime(expires).sign(privateKey);
}

Deno.test("a provider's tokens are believed, forged, stale and foreign ones are not, and a rotation is followed", async () => {
  const { issuer, published, goAway, stop } = provider();
  try {
    const [one, two, stranger] = [await newKey("one"), await newKey("two"), await newKey("one")];
    published.push(one);
    const verify = oidcVerifier({ issuer, audience: "console", claims: { roles: "realm_access.roles" } });
    const principal = await verify(await token(one, issuer));
    equal([principal.name, principal.role, principal.id], ["ada", "operator", `user:${issuer}:42`]);
    strictEqual(
      (await verify(await token(one, issuer, { payload: { azp: undefined, aud: ["x", "console"] } }))).role,
      "operator",
    );

    const good = await token(one, issuer);
    const [head, body, signature] = good.split(".");
    const other = JSON.parse(atob(body.replaceAll("-", "+").replaceAll("_", "/")));
    const forgedBody = btoa(JSON.stringify({ ...other, realm_access: { roles: ["admin"] } })).replaceAll("=", "");
    const none = btoa('{"alg":"none"}').replaceAll("=", "");
    const bad = [
      await token(stranger, issuer),
      await token(one, "http://another"),
      await token(one, issuer, { expires: "-1m" }),
      await token(one, issuer, { payload: { azp: "another" } }),
      await token(one, issuer, { payload: { nbf: Math.floor(Date.now() / 1000) + 600 } }),
      await token(two, issuer),
      `${head}.${forgedBody}.${signature}`,
      `${none}.${body}.`,
      `${none}.${forgedBody}.${signature}`,
      "a.b.c",
      "..",
    ];
    for (const one of bad) await rejects(verify(one), { code: "unauthorized" }, one);

    // The keys that are known serve while the provider is away, for as long as tokens last.
    goAway(true);
    strictEqual((await verify(good)).name, "ada");
    const fresh = oidcVerifier({ issuer, audience: "console", claims: { roles: "realm_access.roles" } });
    await rejects(fresh(good), { code: "unavailable" });
    goAway(false);
    published.splice(0, 1, two);
    // A new verifier knows the new key alone.
    const rotated = oidcVerifier({ issuer, audience: "console", claims: { roles: "realm_access.roles" } });
    strictEqual((await rotated(await token(two, issuer))).name, "ada");
    await rejects(rotated(good), { code: "unauthorized" });
  } finally {
    await stop();
  }
});
