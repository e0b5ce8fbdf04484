/** The boots of all vehicles, kept so that another run of the service can go on at once. See boot_book.ts. */
import { asFault } from "#proto/errors.ts";
import { parseVehicleId, type VehicleId } from "#proto/ids.ts";
import type { Log } from "#proto/ports.ts";
import type { ProvenSession } from "#proto/session_proof.ts";
import type { DocumentStore } from "../lib/documents/documents.ts";
import { afterLogin, type BootFacts, bootText, readBoot } from "./boot_book.ts";

/** See the head of this file. */
export class Boots {
  readonly #documents: DocumentStore;
  readonly #log: Log;
  readonly #facts = new Map<VehicleId, BootFacts>();

  constructor(documents: DocumentStore, log: Log) {
    this.#documents = documents;
    this.#log = log;
  }

  /** Copies what is there, and from then on every change. Called once. */
  async load(): Promise<void> {
    await this.#documents.watch(({ key, text }) => {
      try {
        this.#facts.set(parseVehicleId(key), readBoot(text));
      } catch (thrown) {
        this.#log.error("Cannot read in which boot a vehicle is", { vehicle: key, reason: asFault(thrown).message });
      }
    });
  }

  of(vehicle: VehicleId): BootFacts | undefined {
    return this.#facts.get(vehicle);
  }

  /** A login that was proven. False: it is known, or older than what is. */
  handleLogin(session: Pick<ProvenSession, "vehicle" | "hello" | "fields">, nowMs: number): boolean {
    const facts = afterLogin(this.of(session.vehicle), session, nowMs);
    if (facts !== undefined) this.#keep(session.vehicle, facts);
    return facts !== undefined;
  }

  /** The vehicle has named its journal. */
  handleJournal(vehicle: VehicleId, journal: string): void {
    const facts = this.of(vehicle);
    if (facts !== undefined && facts.journal !== journal) this.#keep(vehicle, { ...facts, journal });
  }

  /** What cannot be written is known here all the same; another run learns it at the vehicle's next login. */
  #keep(vehicle: VehicleId, facts: BootFacts): void {
    this.#facts.set(vehicle, facts);
    this.#documents.put(vehicle, bootText(facts)).catch((thrown) => {
      this.#log.warn("Cannot keep in which boot a vehicle is", { vehicle, reason: asFault(thrown).message });
    });
  }
}
