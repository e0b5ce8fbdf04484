/**
 * All registered vehicles: written through to the store, with a copy here for lists. Whoever writes says which revision
 * is changed, so that nobody's change is overwritten unseen, by whichever instance.
 */
import { Fault } from "#proto/errors.ts";
import { parseVehicleId, type VehicleId } from "#proto/ids.ts";
import type { Clock, Log } from "#proto/ports.ts";
import { vehiclesMax, writeAttemptsMax } from "./limits.ts";
import type { DocumentStore, StoredDocument } from "../lib/documents/documents.ts";
import {
  archived,
  type Change,
  changed,
  isAsWished,
  readRegistration,
  registered,
  type Registration,
  registrationText,
  type Wish,
} from "../lib/registration.ts";

/** A registration with its revision. */
export interface Entry {
  readonly registration: Registration;
  readonly revision: number;
}

/** What a writer says of the revision that it saw: any of these will do. */
export type Precondition = "any" | readonly number[];

/** What {@link Registry} works with. */
export interface RegistryParts {
  readonly documents: DocumentStore;
  readonly clock: Pick<Clock, "wallNs">;
  readonly log: Log;
}

/** See the head of this file. */
export class Registry {
  readonly #parts: RegistryParts;
  readonly #entries = new Map<VehicleId, Entry>();
  /** The keys of the entries in order; undefined when a new one came. */
  #sorted: readonly VehicleId[] | undefined;

  constructor(parts: RegistryParts) {
    this.#parts = parts;
  }

  /** Copies what is there, and from then on every change. Called once. */
  async load(): Promise<void> {
    await this.#parts.documents.watch((document) => this.#handleDocument(document));
  }

  /** Whether it is in operation, as far as this instance has heard. */
  isRegistered(vehicle: VehicleId): boolean {
    const entry = this.#entries.get(vehicle);
    return entry !== undefined && entry.registration.archivedAtMs === undefined;
  }

  /** The ids of all, archived ones too, in order, behind `after`. */
  *idsAfter(after: string | undefined): Iterable<VehicleId> {
    this.#sorted ??= [...this.#entries.keys()].sort();
    const begin = after === undefined ? 0 : firstBehind(this.#sorted, after);
    for (let at = begin; at < this.#sorted.length; at++) yield this.#sorted[at];
  }

  /** As this instance has heard. */
  known(vehicle: VehicleId): Entry | undefined {
    return this.#entries.get(vehicle);
  }

  /** As it is in the store now. Faults: `unavailable`. */
  async find(vehicle: VehicleId): Promise<Entry | undefined> {
    const document = await this.#parts.documents.read(vehicle);
    return document === undefined ? undefined : this.#take(document);
  }

  /** Registers a vehicle that is not, or is archived. Faults: `registered_otherwise`, `too_many`, `unavailable`. */
  async register(vehicle: VehicleId, wish: Wish): Promise<{ entry: Entry; isNew: boolean }> {
    if (!this.#entries.has(vehicle) && this.#entries.size >= vehiclesMax) {
      throw new Fault("too_many", `Cannot register "${vehicle}": ${vehiclesMax} vehicles are registered`);
    }
    const text = registrationText(registered(vehicle, { wish, nowMs: this.#nowMs() }));
    return await this.#attempt(vehicle, async () => {
      const created = await this.#parts.documents.create(vehicle, text);
      if (created !== undefined) return { entry: this.#take(created), isNew: true };
      const entry = await this.#demand(vehicle);
      if (entry.registration.archivedAtMs !== undefined) {
        const again = await this.#replace(entry, text);
        return again && { entry: again, isNew: true };
      }
      if (isAsWished(entry.registration, wish)) return { entry, isNew: false };
      throw new Fault("registered_otherwise", `Cannot register "${vehicle}": it is registered with other content`);
    });
  }

  /** Changes a vehicle in operation. Faults: `not_found`, `changed_meanwhile`, `unavailable`. */
  async change(vehicle: VehicleId, { change, seen }: { change: Change; seen: Precondition }): Promise<Entry> {
    return await this.#write(vehicle, seen, (registration) => {
      if (registration.archivedAtMs !== undefined) throw notFound(vehicle, "it is archived");
      return changed(registration, { change, nowMs: this.#nowMs() });
    });
  }

  /** Archives a vehicle; one that is archived stays as it is. Faults as {@link change}. */
  async archive(vehicle: VehicleId, seen: Precondition): Promise<Entry> {
    return await this.#write(
      vehicle,
      seen,
      (registration) => registration.archivedAtMs === undefined ? archived(registration, this.#nowMs()) : registration,
    );
  }

  async #write(
    vehicle: VehicleId,
    seen: Precondition,
    next: (registration: Registration) => Registration,
  ): Promise<Entry> {
    return await this.#attempt(vehicle, async () => {
      const entry = await this.#demand(vehicle);
      if (seen !== "any" && !seen.includes(entry.revision)) throw changedMeanwhile(vehicle);
      const registration = next(entry.registration);
      return registration === entry.registration ? entry : await this.#replace(entry, registrationText(registration));
    });
  }

  /** Another writer may come between reading and writing. */
  async #attempt<T>(vehicle: VehicleId, work: () => Promise<T | undefined>): Promise<T> {
    for (let attempt = 0; attempt < writeAttemptsMax; attempt++) {
      const done = await work();
      if (done !== undefined) return done;
    }
    throw changedMeanwhile(vehicle);
  }

  async #demand(vehicle: VehicleId): Promise<Entry> {
    const entry = await this.find(vehicle);
    if (entry === undefined) throw notFound(vehicle, "it is not registered");
    return entry;
  }

  async #replace({ registration: { vehicle }, revision }: Entry, text: string): Promise<Entry | undefined> {
    const replaced = await this.#parts.documents.replace({ key: vehicle, text, revision });
    return replaced && this.#take(replaced);
  }

  #handleDocument(document: StoredDocument): void {
    try {
      this.#take(document);
    } catch (thrown) {
      const reason = thrown instanceof Error ? thrown.message : String(thrown);
      this.#parts.log.error("Cannot read a registration", { vehicle: document.key, reason });
    }
  }

  #take({ key, text, revision }: StoredDocument): Entry {
    const vehicle = parseVehicleId(key);
    const entry = { registration: readRegistration(text), revision };
    const known = this.#entries.get(vehicle);
    if (known === undefined) this.#sorted = undefined;
    // A watch may tell of what was overtaken since.
    if (known === undefined || known.revision < revision) this.#entries.set(vehicle, entry);
    return entry;
  }

  #nowMs(): number {
    return Number(this.#parts.clock.wallNs() / 1_000_000n);
  }
}

function firstBehind(sorted: readonly string[], after: string): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] <= after) low = middle + 1;
    else high = middle;
  }
  return low;
}

function notFound(vehicle: VehicleId, why: string): Fault {
  return new Fault("not_found", `Cannot find vehicle "${vehicle}": ${why}`);
}

function changedMeanwhile(vehicle: VehicleId): Fault {
  return new Fault("changed_meanwhile", `Cannot change "${vehicle}": somebody else changed it, read it again`);
}
