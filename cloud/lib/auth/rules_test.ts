import { deepStrictEqual as equal, strictEqual, throws } from "node:assert/strict";
import {
  type Capability,
  capabilityOf,
  demandMay,
  highestRole,
  leastRoleOf,
  type Principal,
  reasonAgainst,
  roles,
} from "./rules.ts";

function principal(role: Principal["role"], groups: readonly string[] = []): Principal {
  return { id: "key:1", name: "one", role, groups };
}

/** The whole table, written down a second time. */
const table: Record<Capability, string> = {
  read: "viewer operator admin",
  register: "operator admin",
  archive: "admin",
  command_query: "operator admin",
  command_motion: "operator admin",
  command_config: "admin",
  stop: "operator admin",
  release: "operator admin",
  quarantine: "admin",
  keys: "admin",
  audit: "admin",
};

Deno.test("each role may what the table says, and no role nothing", () => {
  for (const [capability, allowed] of Object.entries(table)) {
    const may = roles.filter((role) =>
      reasonAgainst(principal(role), { capability: capability as Capability }) === undefined
    );
    strictEqual(may.join(" "), allowed, capability);
    throws(() => demandMay(principal(undefined), { capability: capability as Capability }), { code: "forbidden" });
  }
  equal([capabilityOf("motion"), capabilityOf("config")], ["command_motion", "command_config"]);
});

Deno.test("a limit to groups holds for vehicles in other ones, and for the whole fleet", () => {
  const limited = principal("admin", ["north", "south"]);
  const may = (vehicleGroups: readonly string[] | undefined) =>
    reasonAgainst(limited, { capability: "stop", vehicleGroups }) === undefined;
  equal([may(["south", "x"]), may(["x"]), may([]), may(undefined)], [true, false, false, false]);
});

Deno.test("of several roles the highest counts, and unknown ones do not", () => {
  equal([highestRole(["viewer", "admin"]), highestRole(["offline_access", 7]), highestRole([])], [
    "admin",
    undefined,
    undefined,
  ]);
});

Deno.test("a role that is wanted besides raises what a capability wants, and never lowers it", () => {
  equal(leastRoleOf({ capability: "command_motion" }), "operator");
  equal(leastRoleOf({ capability: "command_motion", atLeast: "admin" }), "admin");
  equal(leastRoleOf({ capability: "command_config", atLeast: "viewer" }), "admin");
  const pilot = { id: "key:a", name: "Pilot", role: "operator", groups: [] } as const;
  equal(reasonAgainst(pilot, { capability: "command_motion" }), undefined);
  equal(
    reasonAgainst(pilot, { capability: "command_motion", atLeast: "admin" }),
    "it wants the role admin, this is operator",
  );
});
