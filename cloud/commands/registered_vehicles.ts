/** Which vehicles are in operation, by a copy of the fleet service's registry. */
import { asFault } from "#proto/errors.ts";
import { parseVehicleId, type VehicleId } from "#proto/ids.ts";
import type { Log } from "#proto/ports.ts";
import type { DocumentStore } from "../lib/documents/documents.ts";
import { readRegistration } from "../lib/registration.ts";
import type { RegisteredVehicles } from "./ports.ts";

/** Copies the registry as it is now, and follows every change. */
export async function followRegistry(documents: Pick<DocumentStore, "watch">, log: Log): Promise<RegisteredVehicles> {
  const registered = new Set<VehicleId>();
  await documents.watch(({ key, text }) => {
    try {
      const vehicle = parseVehicleId(key);
      if (readRegistration(text).archivedAtMs === undefined) registered.add(vehicle);
      else registered.delete(vehicle);
    } catch (thrown) {
      log.error("Cannot read a registration", { vehicle: key, reason: asFault(thrown).message });
    }
  });
  return { isRegistered: (vehicle) => registered.has(vehicle) };
}
