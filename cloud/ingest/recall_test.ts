import { deepStrictEqual } from "node:assert/strict";
import { parseVehicleId } from "#proto/ids.ts";
import { Ledger } from "./ledger.ts";
import { createOwner } from "./owner.ts";
import { recallLedgers } from "./recall.ts";
import { scenario } from "./testing/owners.ts";

scenario(
  "a commit of more vehicles than memory has places finds all of them, and the next one fewer",
  async (stage) => {
    const owner = { ...createOwner(stage.ports()), ledger: new Ledger(2) };
    const vehicles = ["a", "b", "c", "d"].map((name) => parseVehicleId(name));
    const known = () => vehicles.filter((vehicle) => owner.ledger.has(vehicle));
    await recallLedgers(vehicles, owner);
    deepStrictEqual(known(), vehicles);
    await recallLedgers([], owner);
    deepStrictEqual(known(), vehicles.slice(2));
  },
);
