import { deepStrictEqual as equal } from "node:assert/strict";
import { parseVehicleId } from "#proto/ids.ts";
import { MemoryDocuments } from "../lib/documents/testing/memory_documents.ts";
import { archived, registered, registrationText } from "../lib/registration.ts";
import { followRegistry } from "./registered_vehicles.ts";

Deno.test("vehicles in operation are known, as they come and go", async () => {
  const documents = new MemoryDocuments();
  const errors: string[] = [];
  const log = { debug() {}, info() {}, warn() {}, error: (message: string) => errors.push(message) };
  const wish = { type: "rover", name: "R", tags: {}, groups: [] };
  const [a, b] = ["a", "b"].map((id) => registered(parseVehicleId(id), { wish, nowMs: 1 }));
  await documents.put("a", registrationText(a));
  await documents.put("broken", "{");
  const vehicles = await followRegistry(documents, log);
  const known = () => [a, b].map(({ vehicle }) => vehicles.isRegistered(vehicle));
  equal([known(), errors.length], [[true, false], 1]);
  await documents.put("b", registrationText(b));
  await documents.put("a", registrationText(archived(a, 2)));
  equal(known(), [false, true]);
});
