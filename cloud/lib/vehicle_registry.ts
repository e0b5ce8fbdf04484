/** Which vehicles are in operation, and in which groups, by a copy of the fleet service's registry. */
import { asFault } from "#proto/errors.ts";
import { parseVehicleId, type VehicleId } from "#proto/ids.ts";
import type { Log } from "#proto/ports.ts";
import type { DocumentStore } from "./documents/documents.ts";
import { readRegistration } from "./registration.ts";

/** What a service that registers nobody needs to know of vehicles. */
export interface VehicleRegistry {
  /** Whether it is in operation. */
  isRegistered(vehicle: VehicleId): boolean;
  /** Of a vehicle in operation; none of another one. */
  groupsOf(vehicle: VehicleId): readonly string[];
}

/** See the head of this file. Empty until {@link RegistryCopy.load}. */
export class RegistryCopy implements VehicleRegistry {
  readonly #groups = new Map<VehicleId, readonly string[]>();
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  isRegistered(vehicle: VehicleId): boolean {
    return this.#groups.has(vehicle);
  }

  groupsOf(vehicle: VehicleId): readonly string[] {
    return this.#groups.get(vehicle) ?? [];
  }

  /** Copies the registry as it is now, and follows every change. */
  async load(documents: Pick<DocumentStore, "watch">): Promise<void> {
    await documents.watch(({ key, text }) => {
      try {
        const vehicle = parseVehicleId(key);
        const { archivedAtMs, groups } = readRegistration(text);
        if (archivedAtMs === undefined) this.#groups.set(vehicle, groups);
        else this.#groups.delete(vehicle);
      } catch (thrown) {
        this.#log.error("Cannot read a registration", { vehicle: key, reason: asFault(thrown).message });
      }
    });
  }
}
