/** Which vehicles are in operation, of which type and in which groups, by a copy of the fleet service's registry. */
import { asFault } from "#proto/errors.ts";
import { parseVehicleId, type VehicleId } from "#proto/ids.ts";
import type { Log } from "#proto/ports.ts";
import type { DocumentStore } from "./documents/documents.ts";
import { readRegistration, type Registration } from "./registration.ts";

/** What a service that registers nobody needs to know of vehicles. */
export interface VehicleRegistry {
  /** Whether it is in operation. */
  isRegistered(vehicle: VehicleId): boolean;
  /** Of a vehicle in operation; none of another one. */
  groupsOf(vehicle: VehicleId): readonly string[];
  /** Undefined for one that is not in operation. */
  typeOf(vehicle: VehicleId): string | undefined;
  /** Those in operation that are in a group, by their ids. */
  inGroup(group: string): readonly VehicleId[];
}

/** See the head of this file. Empty until {@link RegistryCopy.load}. */
export class RegistryCopy implements VehicleRegistry {
  readonly #vehicles = new Map<VehicleId, Pick<Registration, "type" | "groups">>();
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  isRegistered(vehicle: VehicleId): boolean {
    return this.#vehicles.has(vehicle);
  }

  groupsOf(vehicle: VehicleId): readonly string[] {
    return this.#vehicles.get(vehicle)?.groups ?? [];
  }

  typeOf(vehicle: VehicleId): string | undefined {
    return this.#vehicles.get(vehicle)?.type;
  }

  inGroup(group: string): readonly VehicleId[] {
    return [...this.#vehicles].filter(([, { groups }]) => groups.includes(group)).map(([vehicle]) => vehicle).sort();
  }

  /** Copies the registry as it is now, and follows every change. */
  async load(documents: Pick<DocumentStore, "watch">): Promise<void> {
    await documents.watch(({ key, text }) => {
      try {
        const vehicle = parseVehicleId(key);
        const { archivedAtMs, type, groups } = readRegistration(text);
        if (archivedAtMs === undefined) this.#vehicles.set(vehicle, { type, groups });
        else this.#vehicles.delete(vehicle);
      } catch (thrown) {
        this.#log.error("Cannot read a registration", { vehicle: key, reason: asFault(thrown).message });
      }
    });
  }
}
