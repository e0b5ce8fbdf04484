/**
 * The ledger in memory: per vehicle, epoch and class which seqs are expected, committed, quarantined, given up.
 * The owner of a partition keeps it for the partition's vehicles; the store keeps it for everybody else.
 *
 * A vehicle's lines are loaded from the store before anything of it is decided, changed here, and written back by
 * {@link Ledger.takeChanged}.
 */
import type { Class } from "#proto/class.ts";
import type { Epoch, VehicleId } from "#proto/ids.ts";
import { none, type Range, type Ranges, subtract, union } from "#proto/ranges.ts";
import type { Gap, LedgerEntry } from "../lib/store/store.ts";

/** One epoch and class of one vehicle. */
export interface LineKey {
  readonly vehicle: VehicleId;
  readonly epoch: Epoch;
  readonly class: Class;
}

/** Lines of one vehicle by epoch and class. */
type Lines = Map<string, LedgerEntry>;

/** See the head of this file. */
export class Ledger {
  readonly #vehicles = new Map<VehicleId, Lines>();
  readonly #changed = new Map<string, LedgerEntry>();
  readonly #vehiclesMax: number;

  constructor(vehiclesMax: number) {
    this.#vehiclesMax = vehiclesMax;
  }

  /** Whether the vehicle's lines were loaded. Asking counts as use. */
  has(vehicle: VehicleId): boolean {
    const lines = this.#vehicles.get(vehicle);
    if (lines === undefined) return false;
    this.#vehicles.delete(vehicle);
    this.#vehicles.set(vehicle, lines);
    return true;
  }

  /** Takes what the store knows of a vehicle. */
  load(vehicle: VehicleId, entries: readonly LedgerEntry[]): void {
    this.#vehicles.set(vehicle, new Map(entries.map((entry) => [lineName(entry), entry])));
    this.#forgetUnused();
  }

  /** All lines of a vehicle, empty before {@link load}. */
  linesOf(vehicle: VehicleId): LedgerEntry[] {
    return [...this.#vehicles.get(vehicle)?.values() ?? []];
  }

  /** Seqs of a range that have no verdict yet. */
  undecided(key: LineKey, range: Range): Ranges {
    const line = this.#lineOf(key);
    if (line === undefined) return [range];
    return subtract(subtract([range], line.committed), line.quarantined);
  }

  /** These are queryable. A row that came after all beats the gap record, and what kept it aside. */
  commit(key: LineKey, ranges: Ranges, nowNs: bigint): void {
    this.#change(key, nowNs, (line) => ({
      committed: union(line.committed, ranges),
      quarantined: subtract(line.quarantined, ranges),
      inFlight: subtract(line.inFlight, ranges),
      expected: highest(line.expected, ranges),
    }));
  }

  /** These were kept aside. What is stored stays stored. */
  quarantine(key: LineKey, ranges: Ranges, nowNs: bigint): void {
    this.#change(key, nowNs, (line) => ({
      quarantined: union(line.quarantined, subtract(ranges, line.committed)),
      inFlight: subtract(line.inFlight, ranges),
      expected: highest(line.expected, ranges),
    }));
  }

  /** These are out of the log and wait for a table. */
  hold(key: LineKey, ranges: Ranges, nowNs: bigint): void {
    this.#change(key, nowNs, (line) => ({
      inFlight: union(line.inFlight, ranges),
      expected: highest(line.expected, ranges),
    }));
  }

  /** The vehicle said that it made seqs durable up to `expected`. */
  expect(key: LineKey, expected: number, nowNs: bigint): void {
    if (expected <= (this.#lineOf(key)?.expected ?? 0)) return;
    this.#change(key, nowNs, () => ({ expected }));
  }

  /** The vehicle's own word on what it still holds of a line. */
  setOnBoard(key: LineKey, onBoard: Ranges, nowNs: bigint): void {
    this.#change(key, nowNs, (line) => ({ onBoard, expected: highest(line.expected, onBoard) }));
  }

  /** A gap record of the vehicle. */
  addGap(key: LineKey, gap: Gap, nowNs: bigint): void {
    this.#change(key, nowNs, (line) => ({
      gaps: line.gaps.some((known) => known.first === gap.first && known.last === gap.last)
        ? line.gaps
        : [...line.gaps, gap],
      expected: Math.max(line.expected, gap.last),
    }));
  }

  /** The lines changed since the last call. */
  takeChanged(): LedgerEntry[] {
    const entries = [...this.#changed.values()];
    this.#changed.clear();
    return entries;
  }

  /** Gives back lines that could not be written; newer changes of the same line win. */
  giveBack(entries: readonly LedgerEntry[]): void {
    for (const entry of entries) {
      const name = changedName(entry);
      if (!this.#changed.has(name)) this.#changed.set(name, entry);
    }
  }

  #lineOf(key: LineKey): LedgerEntry | undefined {
    return this.#vehicles.get(key.vehicle)?.get(lineName(key));
  }

  #change(key: LineKey, nowNs: bigint, change: (line: LedgerEntry) => Partial<LedgerEntry>): void {
    const lines = this.#vehicles.get(key.vehicle);
    if (lines === undefined) throw new Error(`Ledger of "${key.vehicle}" was changed before it was loaded`);
    const line = this.#lineOf(key) ?? emptyLine(key, nowNs);
    const next = { ...line, ...change(line) };
    lines.set(lineName(key), next);
    this.#changed.set(changedName(key), next);
  }

  #forgetUnused(): void {
    // Maps keep insertion order and `has` renews it, so the first is the longest unused.
    for (const vehicle of this.#vehicles.keys()) {
      if (this.#vehicles.size <= this.#vehiclesMax) return;
      const unsaved = [...this.#changed.values()].some((entry) => entry.vehicle === vehicle);
      if (!unsaved) this.#vehicles.delete(vehicle);
    }
  }
}

function lineName(key: Pick<LineKey, "epoch" | "class">): string {
  return `${key.epoch}/${key.class}`;
}

function changedName(key: LineKey): string {
  return `${key.vehicle}/${lineName(key)}`;
}

function highest(expected: number, ranges: Ranges): number {
  return Math.max(expected, ranges.at(-1)?.last ?? 0);
}

function emptyLine({ vehicle, epoch, class: name }: LineKey, sinceNs: bigint): LedgerEntry {
  return {
    vehicle,
    epoch,
    class: name,
    sinceNs,
    expected: 0,
    committed: none,
    quarantined: none,
    inFlight: none,
    onBoard: none,
    gaps: [],
  };
}
