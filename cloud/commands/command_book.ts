/** All commands that are remembered: written through to the store, with a copy here for lists and for whoever waits. */
import { asFault, Fault } from "#proto/errors.ts";
import { type CommandId, parseCommandId } from "#proto/command_id.ts";
import type { CommandState } from "#proto/command_state.ts";
import type { VehicleId } from "#proto/ids.ts";
import type { Clock, Log } from "#proto/ports.ts";
import type { DocumentStore, StoredDocument } from "../lib/documents/documents.ts";
import { commandsMax } from "./limits.ts";
import { type CommandRecord, isOpen, readRecord, recordText } from "./record.ts";

/** What {@link CommandBook} works with. */
export interface CommandBookParts {
  readonly documents: DocumentStore;
  readonly clock: Pick<Clock, "after">;
  readonly log: Log;
}

/** Which commands are wanted. */
export interface CommandFilter {
  readonly vehicle?: VehicleId | undefined;
  readonly state?: CommandState | undefined;
  /** Behind this one, which is newer. */
  readonly before?: CommandId | undefined;
  readonly limit: number;
  readonly isSeen?: (record: CommandRecord) => boolean;
}

interface Entry {
  readonly record: CommandRecord;
  readonly revision: number;
}

/** A write that another one overtook is tried again so often. */
const writeAttemptsMax = 8;

/** See the head of this file. */
export class CommandBook {
  readonly #parts: CommandBookParts;
  readonly #entries = new Map<CommandId, Entry>();
  readonly #open = new Map<VehicleId, Set<CommandId>>();
  /** All ids; undefined when a new one came. */
  #newestFirst: readonly CommandId[] | undefined;
  readonly #waiting = new Map<CommandId, Set<() => void>>();
  #isClosing = false;

  constructor(parts: CommandBookParts) {
    this.#parts = parts;
  }

  /** Copies what is there, and from then on every change. Called once. */
  async load(): Promise<void> {
    await this.#parts.documents.watch((document) => this.#handleDocument(document));
  }

  /** Of a command as this instance has heard. */
  known(id: CommandId): CommandRecord | undefined {
    return this.#entries.get(id)?.record;
  }

  /** Commands of which something can still become, of one vehicle or of all. */
  *open(vehicle?: VehicleId): Iterable<CommandRecord> {
    const sets = vehicle === undefined ? this.#open.values() : [this.#open.get(vehicle) ?? []];
    for (const ids of sets) {
      for (const id of [...ids]) {
        const record = this.known(id);
        if (record !== undefined) yield record;
      }
    }
  }

  /** Of one vehicle: how many there are. */
  openCount(vehicle: VehicleId): number {
    return this.#open.get(vehicle)?.size ?? 0;
  }

  /** Newest first; `more` tells whether there are further ones. */
  list(
    { vehicle, state, before, limit, isSeen = () => true }: CommandFilter,
  ): { records: CommandRecord[]; more: boolean } {
    this.#newestFirst ??= [...this.#entries.keys()].sort().reverse();
    const records: CommandRecord[] = [];
    for (const id of this.#newestFirst) {
      const record = this.known(id);
      if (record === undefined || (before !== undefined && id >= before)) continue;
      if ((vehicle ?? record.vehicle) !== record.vehicle || (state ?? record.state) !== record.state) continue;
      if (!isSeen(record)) continue;
      if (records.length === limit) return { records, more: true };
      records.push(record);
    }
    return { records, more: false };
  }

  /** As it is in the store. Faults: `not_found`, `unavailable`. */
  async find(id: CommandId): Promise<CommandRecord> {
    return (await this.#read(id)).record;
  }

  /** Keeps a new command; one that is there already stays. Faults: `too_many`, `unavailable`. */
  async create(record: CommandRecord): Promise<CommandRecord> {
    this.#makeRoom();
    const created = await this.#parts.documents.create(record.id, recordText(record));
    return created === undefined ? await this.find(record.id) : this.#take(created).record;
  }

  /** Changes a command, whoever changes it besides; `undefined` leaves it. Faults as {@link find}. */
  async update(
    id: CommandId,
    change: (record: CommandRecord) => CommandRecord | undefined,
  ): Promise<{ record: CommandRecord; isChanged: boolean }> {
    let entry = this.#entries.get(id) ?? await this.#read(id);
    for (let attempt = 0; attempt < writeAttemptsMax; attempt++) {
      const next = change(entry.record);
      if (next === undefined) return { record: entry.record, isChanged: false };
      const { revision } = entry;
      const replaced = await this.#parts.documents.replace({ key: id, text: recordText(next), revision });
      if (replaced !== undefined) return { record: this.#take(replaced).record, isChanged: true };
      entry = await this.#read(id);
    }
    throw new Fault("unavailable", `Cannot change command "${id}": others change it all the time`);
  }

  /** Resolves when the condition holds, or after so long. */
  async until(
    id: CommandId,
    { condition, limitMs }: { condition: (record: CommandRecord) => boolean; limitMs: number },
  ): Promise<void> {
    const late = new AbortController();
    const isLate = this.#parts.clock.after(limitMs, late.signal).then(() => true, () => true);
    for (let over = false; !over;) {
      const record = this.known(id);
      if (this.#isClosing || (record !== undefined && condition(record))) break;
      const { promise, resolve } = Promise.withResolvers<boolean>();
      const wake = () => resolve(false);
      const waiting = this.#waiting.get(id) ?? new Set();
      this.#waiting.set(id, waiting.add(wake));
      over = await Promise.race([promise, isLate]);
      waiting.delete(wake);
      if (waiting.size === 0) this.#waiting.delete(id);
    }
    late.abort();
  }

  /** The oldest that is over is forgotten here; in the store it stays its time. */
  #makeRoom(): void {
    if (this.#entries.size < commandsMax) return;
    for (const [id, { record }] of this.#entries) {
      if (isOpen(record)) continue;
      this.#entries.delete(id);
      this.#newestFirst = undefined;
      return;
    }
    throw new Fault("too_many", `Cannot take command: ${commandsMax} are not over`);
  }

  /** Whether nobody waits any more: the service ends. */
  get isClosing(): boolean {
    return this.#isClosing;
  }

  /** Lets nobody wait any more. */
  close(): void {
    this.#isClosing = true;
    for (const waiting of this.#waiting.values()) for (const wake of waiting) wake();
  }

  async #read(id: CommandId): Promise<Entry> {
    const document = await this.#parts.documents.read(id);
    if (document === undefined) throw new Fault("not_found", `Cannot find command "${id}": there is none`);
    return this.#take(document);
  }

  #handleDocument(document: StoredDocument): void {
    try {
      this.#take(document);
    } catch (thrown) {
      this.#parts.log.error("Cannot read a command", { id: document.key, reason: asFault(thrown).message });
    }
  }

  #take({ key, text, revision }: StoredDocument): Entry {
    const id = parseCommandId(key);
    const known = this.#entries.get(id);
    // A watch may tell of what was overtaken since.
    if (known !== undefined && known.revision >= revision) return known;
    const entry = { record: readRecord(text), revision };
    if (known === undefined) this.#newestFirst = undefined;
    this.#entries.set(id, entry);
    const { vehicle } = entry.record;
    const open = this.#open.get(vehicle) ?? new Set();
    if (isOpen(entry.record)) this.#open.set(vehicle, open.add(id));
    else if (open.delete(id) && open.size === 0) this.#open.delete(vehicle);
    for (const wake of this.#waiting.get(id) ?? []) wake();
    return entry;
  }
}
