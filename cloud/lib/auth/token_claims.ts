/** What the claims of an access token say of whoever has it. Pure. */
import { highestRole, type Principal } from "./rules.ts";

/** Where an identity provider says what we want to know; dots lead into objects. */
export interface ClaimPaths {
  /** A list of roles: Keycloak has `realm_access.roles`. */
  readonly roles: string;
  /** A list of groups of vehicles; without it nobody is limited. */
  readonly groups?: string | undefined;
}

/** The principal of a token that was verified. */
export function principalOfClaims(claims: Readonly<Record<string, unknown>>, paths: ClaimPaths): Principal {
  const { iss, sub, preferred_username: username, name } = claims;
  const shown = [username, name, sub].find((text) => typeof text === "string") ?? "unknown";
  return {
    id: `user:${String(iss)}:${String(sub)}`,
    name: String(shown).slice(0, 128),
    role: highestRole(listAt(claims, paths.roles)),
    groups: paths.groups === undefined ? [] : listAt(claims, paths.groups).map(String),
  };
}

function listAt(claims: Readonly<Record<string, unknown>>, path: string): readonly unknown[] {
  let value: unknown = claims;
  for (const part of path.split(".")) {
    const isObject = typeof value === "object" && value !== null && Object.hasOwn(value, part);
    value = isObject ? (value as Record<string, unknown>)[part] : undefined;
  }
  return Array.isArray(value) ? value : [];
}
