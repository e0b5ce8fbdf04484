/** The ledger and the quarantine as they lie in the database, read anew only when they have changed. */
import { parseVehicleId } from "#proto/ids.ts";
import type { Document, DocumentKind } from "#cloud/lib/store/backend.ts";
import { readLedger } from "#cloud/lib/store/bookkeeping.ts";
import type { LedgerEntry } from "#cloud/lib/store/ledger_entry.ts";
import { readQuarantine } from "#cloud/lib/store/quarantine_documents.ts";
import type { QuarantineEntry } from "#cloud/lib/store/quarantine_entry.ts";
import type { Database } from "./database.ts";

/** See the head of this file. */
export class Books {
  readonly #database: Database;
  #ledger: { readonly version: number; readonly entries: readonly LedgerEntry[] } | undefined;
  #quarantined: { readonly version: number; readonly entries: readonly QuarantineEntry[] } | undefined;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Entries by vehicle, epoch and class; twins joined as every reader does. */
  ledger(): readonly LedgerEntry[] {
    const version = this.#database.versionOf("ledger");
    if (this.#ledger?.version !== version) {
      const byVehicle = Map.groupBy(this.#documents("ledger"), vehicleOf);
      const entries = [...byVehicle].flatMap(([vehicle, found]) => readLedger(parseVehicleId(vehicle), found));
      this.#ledger = { version, entries };
    }
    return this.#ledger.entries;
  }

  /** What was kept aside of all vehicles. */
  quarantined(): readonly QuarantineEntry[] {
    const version = this.#database.versionOf("quarantine");
    if (this.#quarantined?.version !== version) {
      const entries = this.#documents("quarantine").map((one) => readQuarantine(parseVehicleId(vehicleOf(one)), one));
      this.#quarantined = { version, entries };
    }
    return this.#quarantined.entries;
  }

  #documents(kind: DocumentKind): Document[] {
    return [...this.#database.documents()].filter((one) => one.kind === kind);
  }
}

function vehicleOf({ key }: Document): string {
  return key.slice(0, key.indexOf("/"));
}
