/**
 * Who may do what: one table for all services. Pure. A role may do all that is said of it and of the roles before it; a
 * principal that is limited to groups of vehicles may do it to these alone.
 */
import { Fault } from "#proto/errors.ts";
import type { CommandClass } from "#proto/order.ts";

/** Roles, each with all that the ones before it may. */
export const roles = ["viewer", "operator", "admin"] as const;
/** One of {@link roles}. */
export type Role = typeof roles[number];

/** The least role for each thing that can be done. */
const leastRole = {
  read: "viewer",
  register: "operator",
  archive: "admin",
  command_query: "operator",
  command_motion: "operator",
  command_config: "admin",
  stop: "operator",
  release: "operator",
  quarantine: "admin",
  keys: "admin",
  audit: "admin",
} as const satisfies Record<string, Role>;

/** Something that can be done. */
export type Capability = keyof typeof leastRole;

/** Whoever asks, once it is known who that is. */
export interface Principal {
  /** Stable, for the audit log: `key:<id>`, `token`, or `user:<issuer>:<subject>`. */
  readonly id: string;
  /** For people. */
  readonly name: string;
  /** None: may do nothing. */
  readonly role: Role | undefined;
  /** Groups of vehicles that it is limited to; empty: all vehicles. */
  readonly groups: readonly string[];
}

/** The capability of giving a command of a class. */
export function capabilityOf(name: CommandClass): Capability {
  return `command_${name}`;
}

/** What somebody would like to do. */
export interface Asked {
  readonly capability: Capability;
  /** Groups of the vehicle that it is done to; undefined: it is about the whole fleet. */
  readonly vehicleGroups?: readonly string[] | undefined;
  /** Wanted besides the least role of the capability. */
  readonly atLeast?: Role | undefined;
}

/** The least role that may do it. */
export function leastRoleOf({ capability, atLeast = "viewer" }: Pick<Asked, "capability" | "atLeast">): Role {
  return roles[Math.max(roles.indexOf(leastRole[capability]), roles.indexOf(atLeast))];
}

/** Why a principal may not do something; undefined: it may. */
export function reasonAgainst(
  { role, groups }: Principal,
  { capability, vehicleGroups, atLeast }: Asked,
): string | undefined {
  const wanted = leastRoleOf({ capability, atLeast });
  if (role === undefined) return "it has no role";
  if (roles.indexOf(role) < roles.indexOf(wanted)) return `it wants the role ${wanted}, this is ${role}`;
  if (groups.length === 0) return undefined;
  if (vehicleGroups === undefined) return "it is about the whole fleet, and access is limited to groups of vehicles";
  return groups.some((group) => vehicleGroups.includes(group))
    ? undefined
    : "the vehicle is in none of the groups allowed";
}

/** The same as a Fault `forbidden`. */
export function demandMay(principal: Principal, asked: Asked): void {
  const reason = reasonAgainst(principal, asked);
  if (reason !== undefined) throw new Fault("forbidden", `Cannot do that as "${principal.name}": ${reason}`);
}

/** The highest of several roles, of which unknown ones are none. */
export function highestRole(names: readonly unknown[]): Role | undefined {
  return roles.findLast((role) => names.includes(role));
}
