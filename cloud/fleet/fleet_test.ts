import { deepStrictEqual as equal, strictEqual } from "node:assert/strict";
import { parseVehicleId } from "#proto/ids.ts";
import type { PresenceState } from "./presence.ts";
import { FleetStage } from "./testing/stage.ts";

async function fleetOf(...vehicles: string[]): Promise<FleetStage> {
  const stage = await new FleetStage().begin();
  for (const vehicle of vehicles) await stage.register(parseVehicleId(vehicle));
  return stage;
}

Deno.test("pages go through all vehicles once, with states taken when each page is made", async () => {
  const stage = await fleetOf("a", "b", "c", "d", "e");
  for (const id of ["b", "d"]) stage.up(id);
  const pages = (state?: PresenceState) => {
    const ids: string[] = [];
    let cursor: string | undefined;
    do {
      const page = stage.fleet.list({ isArchived: false, state }, { limit: 2, cursor });
      ids.push(...page.vehicles.map(({ vehicle }) => vehicle));
      cursor = page.cursor;
    } while (cursor !== undefined);
    return ids.join("");
  };
  strictEqual(pages(), "abcde");
  strictEqual(pages("online"), "bd");
  strictEqual(pages("never_seen"), "ace");
  strictEqual(pages("offline"), "");
});

Deno.test("those who wait for their registration are listed when they are asked for", async () => {
  const stage = await fleetOf("a");
  for (const id of ["a", "y", "x", "z"]) stage.up(id, id.charCodeAt(0));
  stage.refuse("bad_proof", "nobody");
  const list = (state: PresenceState, cursor?: string) =>
    stage.fleet.list({ isArchived: false, state }, { limit: 2, cursor });
  const first = list("awaiting_registration");
  equal(first.vehicles.map(({ vehicle }) => vehicle), ["x", "y"]);
  equal(list("awaiting_registration", first.cursor).vehicles.map(({ vehicle }) => vehicle), ["z"]);
  const census = stage.fleet.census();
  equal([census.get("online"), census.get("awaiting_registration"), census.get("refused")], [1, 3, 0]);
});
