/** Where each vehicle's verdicts go: the session that asked last, else the one that brought the batch. Bounded. */
import type { RelayName, VehicleId } from "#proto/ids.ts";
import { partitionOf } from "#proto/subjects.ts";

/** One link of a vehicle, as its relay names it. */
export interface SessionAddress {
  readonly relay: RelayName;
  readonly shard: number;
  readonly session: Uint8Array;
}

/** See the head of this file. */
export class Sessions {
  readonly #addresses = new Map<VehicleId, SessionAddress>();
  readonly #sessionsMax: number;

  constructor(sessionsMax: number) {
    this.#sessionsMax = sessionsMax;
  }

  register(vehicle: VehicleId, address: SessionAddress): void {
    this.#addresses.delete(vehicle);
    this.#addresses.set(vehicle, address);
    if (this.#addresses.size <= this.#sessionsMax) return;
    for (const oldest of this.#addresses.keys()) {
      this.#addresses.delete(oldest);
      return;
    }
  }

  /** Forgets a partition's vehicles: their next sessions are told to its next owner. */
  forget(partition: number): void {
    for (const vehicle of this.#addresses.keys()) {
      if (partitionOf(vehicle) === partition) this.#addresses.delete(vehicle);
    }
  }

  addressOf(vehicle: VehicleId): SessionAddress | undefined {
    return this.#addresses.get(vehicle);
  }

  /** Every vehicle with its address. */
  all(): Iterable<[VehicleId, SessionAddress]> {
    return this.#addresses.entries();
  }
}
