import { deepStrictEqual as equal } from "node:assert/strict";
import { principalOfClaims } from "./token_claims.ts";

const keycloak = {
  iss: "https://id/realms/fleet",
  sub: "42",
  preferred_username: "ada",
  realm_access: { roles: ["offline_access", "viewer", "operator"] },
  fleet: { groups: ["north"] },
};

Deno.test("roles and groups are where the configuration says", () => {
  const paths = { roles: "realm_access.roles", groups: "fleet.groups" };
  const principal = { id: "user:https://id/realms/fleet:42", name: "ada", role: "operator", groups: ["north"] };
  equal(principalOfClaims(keycloak, paths), principal);
});

Deno.test("what is not there gives no role", () => {
  for (const roles of ["scope", "realm_access", "realm_access.roles.length", "constructor.name", ""]) {
    equal(principalOfClaims(keycloak, { roles }).role, undefined, roles);
  }
  equal(principalOfClaims({}, { roles: "roles" }).name, "unknown");
});
