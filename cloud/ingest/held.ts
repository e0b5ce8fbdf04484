/**
 * What quarantine holds, or held, of messages that are read again: after a start a stretch of the log comes once more,
 * and what was kept aside of it, and perhaps decided upon since, must neither be written nor kept aside anew.
 */
import { none, type Ranges, union } from "#proto/ranges.ts";
import type { VehicleId } from "#proto/ids.ts";
import { partitionOf } from "#proto/subjects.ts";
import type { QuarantineEntry } from "../lib/store/quarantine_entry.ts";
import type { Place } from "./log_message.ts";
import { unreadableVehicle } from "./quarantine.ts";

/** One item of a message of the log. */
export interface ItemPlace {
  readonly place: Place;
  readonly item: number;
}

interface HeldItem {
  /** Of entries of any state. */
  readonly all: Ranges;
  /** Of entries that were not stored by a later try. */
  readonly unstored: Ranges;
}

/** See the head of this file. */
export class Held {
  readonly #vehicles = new Map<VehicleId, Map<string, HeldItem>>();
  readonly #vehiclesMax: number;

  constructor(vehiclesMax: number) {
    this.#vehiclesMax = vehiclesMax;
  }

  /** Whether a vehicle's entries were loaded. */
  has(vehicle: VehicleId): boolean {
    return this.#vehicles.has(vehicle);
  }

  /** Takes what the store holds of a vehicle. */
  load(vehicle: VehicleId, entries: readonly QuarantineEntry[]): void {
    const items = new Map<string, HeldItem>();
    for (const { place, ranges, state } of entries) {
      const name = nameOf({ place, item: place.item });
      const { all, unstored } = items.get(name) ?? { all: none, unstored: none };
      items.set(name, {
        all: union(all, ranges),
        unstored: state === "retried" ? unstored : union(unstored, ranges),
      });
    }
    this.#vehicles.set(vehicle, items);
  }

  /** Forgets the vehicles that were loaded first, if they are too many. Never between the loading of a vehicle and its use. */
  trim(): void {
    for (const first of this.#vehicles.keys()) {
      if (this.#vehicles.size <= this.#vehiclesMax) return;
      this.#vehicles.delete(first);
    }
  }

  /** Forgets a partition's vehicles: others may decide about their entries from now on. */
  forget(partition: number): void {
    for (const vehicle of this.#vehicles.keys()) {
      if (vehicle === unreadableVehicle || partitionOf(vehicle) === partition) this.#vehicles.delete(vehicle);
    }
  }

  /** Whether anything of an item is held. */
  holds(vehicle: VehicleId, item: ItemPlace): boolean {
    return this.#itemOf(vehicle, item) !== undefined;
  }

  /** Seqs of an item that are, or were, kept aside. */
  allOf(vehicle: VehicleId, item: ItemPlace): Ranges {
    return this.#itemOf(vehicle, item)?.all ?? none;
  }

  /** Seqs of an item that are kept aside or were dropped: its bytes must not become rows. */
  unstoredOf(vehicle: VehicleId, item: ItemPlace): Ranges {
    return this.#itemOf(vehicle, item)?.unstored ?? none;
  }

  #itemOf(vehicle: VehicleId, item: ItemPlace): HeldItem | undefined {
    return this.#vehicles.get(vehicle)?.get(nameOf(item));
  }
}

/** The log counts its messages over all lanes and partitions. */
function nameOf({ place, item }: ItemPlace): string {
  return `${place.sequence}/${item}`;
}
