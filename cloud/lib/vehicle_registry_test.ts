import { deepStrictEqual as equal } from "node:assert/strict";
import { parseVehicleId } from "#proto/ids.ts";
import { MemoryDocuments } from "./documents/testing/memory_documents.ts";
import { archived, registered, registrationText } from "./registration.ts";
import { RegistryCopy } from "./vehicle_registry.ts";

Deno.test("vehicles in operation are known with their groups, as they come and go", async () => {
  const documents = new MemoryDocuments();
  const errors: string[] = [];
  const wish = { type: "rover", name: "R", tags: {}, groups: ["north"] };
  const [a, b] = ["a", "b"].map((id) => registered(parseVehicleId(id), { wish, nowMs: 1 }));
  await documents.put("a", registrationText(a));
  await documents.put("broken", "{");
  const vehicles = new RegistryCopy({ debug() {}, info() {}, warn() {}, error: (message) => errors.push(message) });
  const known = () => [a, b].map(({ vehicle }) => vehicles.isRegistered(vehicle));
  equal(known(), [false, false]);
  await vehicles.load(documents);
  equal([known(), errors.length], [[true, false], 1]);
  await documents.put("b", registrationText(b));
  await documents.put("a", registrationText(archived(a, 2)));
  equal([known(), vehicles.groupsOf(a.vehicle), vehicles.groupsOf(b.vehicle)], [[false, true], [], ["north"]]);
  equal([vehicles.inGroup("north"), vehicles.inGroup("south")], [["b"], []]);
  equal([vehicles.typeOf(a.vehicle), vehicles.typeOf(b.vehicle)], [undefined, "rover"]);
});
