/**
 * The ledger in memory: per vehicle, epoch and class which seqs are expected, committed, quarantined, given up; and what
 * the vehicle itself said last. The owner of a partition keeps it for the partition's vehicles; the store keeps it for
 * everybody else.
 *
 * A vehicle's lines are loaded from the store before anything of it is decided, changed here, and written back by
 * {@link Ledger.takeChanged}, with a new account of each vehicle that there was word of.
 */
import type { Class } from "#proto/class.ts";
import type { Epoch, VehicleId } from "#proto/ids.ts";
import { inventoryEpochsMax, inventoryRangesMax, rangesPerMessageMax } from "#proto/limits.ts";
import { none, normalize, type Range, type Ranges, subtract, union } from "#proto/ranges.ts";
import { partitionOf } from "#proto/subjects.ts";
import { accountOf } from "../lib/completeness/account.ts";
import { addMark } from "../lib/completeness/time_marks.ts";
import {
  emptyLedgerEntry,
  type EpochOpening,
  type Gap,
  type LedgerEntry,
  type LinkEvidence,
  type TimeMark,
} from "../lib/store/ledger_entry.ts";
import type { Statement, VehicleAccount } from "../lib/store/vehicle_account.ts";
import type { LineRanges } from "./wire.ts";

/** One epoch and class of one vehicle. */
export interface LineKey {
  readonly vehicle: VehicleId;
  readonly epoch: Epoch;
  readonly class: Class;
}

/** What a vehicle says it has on board, and through whom. */
export interface Inventory {
  readonly onBoard: readonly LineRanges[];
  /** Highest durable seq of each line on board, as the end of its ranges. */
  readonly durable: readonly LineRanges[];
  readonly through: Pick<Statement, "relay" | "session">;
}

/** What {@link Ledger.takeChanged} gives out to be written. */
export interface LedgerChanges {
  readonly lines: readonly LedgerEntry[];
  readonly accounts: readonly VehicleAccount[];
}

/** All about one vehicle. */
interface Book {
  /** By epoch and class. */
  readonly lines: Map<string, LedgerEntry>;
  statement: Statement | undefined;
  heardNs: bigint;
  account: VehicleAccount | undefined;
  /** Names of the lines that are not written. */
  readonly changed: Set<string>;
  /** Whether there was word of the vehicle since its account was written. */
  isHeard: boolean;
}

/** See the head of this file. */
export class Ledger {
  readonly #books = new Map<VehicleId, Book>();
  readonly #vehiclesMax: number;

  constructor(vehiclesMax: number) {
    this.#vehiclesMax = vehiclesMax;
  }

  /** Whether the vehicle's lines were loaded. Asking counts as use. */
  has(vehicle: VehicleId): boolean {
    const book = this.#books.get(vehicle);
    if (book === undefined) return false;
    this.#books.delete(vehicle);
    this.#books.set(vehicle, book);
    return true;
  }

  /** Takes what the store knows of a vehicle. */
  load(vehicle: VehicleId, entries: readonly LedgerEntry[], account?: VehicleAccount): void {
    this.#books.set(vehicle, {
      lines: new Map(entries.map((entry) => [lineName(entry), entry])),
      statement: account?.statement,
      heardNs: account?.heardNs ?? 0n,
      account,
      changed: new Set(),
      isHeard: false,
    });
  }

  /** Forgets the longest unused vehicles that are too many. Never between the loading of a vehicle and its use. */
  trim(): void {
    // Maps keep insertion order and `has` renews it, so the first is the longest unused.
    for (const [vehicle, book] of this.#books) {
      if (this.#books.size <= this.#vehiclesMax) return;
      if (!isUnsaved(book)) this.#books.delete(vehicle);
    }
  }

  /** Forgets a partition's vehicles, also what of them was not taken for saving. */
  forget(partition: number): void {
    for (const vehicle of this.#books.keys()) if (partitionOf(vehicle) === partition) this.#books.delete(vehicle);
  }

  /** All lines of a vehicle, empty before {@link load}. */
  linesOf(vehicle: VehicleId): LedgerEntry[] {
    return [...this.#books.get(vehicle)?.lines.values() ?? []];
  }

  /** Seqs of a range that have no verdict yet. */
  undecided(key: LineKey, range: Range): Ranges {
    const line = this.#lineOf(key);
    if (line === undefined) return [range];
    return subtract(subtract([range], line.committed), line.quarantined);
  }

  /** These are queryable, and lie in time as `mark` says. A row that came after all beats the gap record and what kept it aside. */
  commit(key: LineKey, ranges: Ranges, nowNs: bigint, mark?: TimeMark): void {
    this.#change(key, nowNs, (line) => ({
      committed: union(line.committed, ranges),
      quarantined: subtract(line.quarantined, ranges),
      inFlight: subtract(line.inFlight, ranges),
      expected: highest(line.expected, ranges),
      ...(mark && { marks: addMark(line.marks, mark) }),
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

  /** The vehicle's own word on what it has on board. It replaces what it said before, of all lines. */
  takeInventory(vehicle: VehicleId, { onBoard, durable, through }: Inventory, nowNs: bigint): void {
    const epochs = new Set([...durable, ...onBoard].map(({ epoch }) => epoch));
    for (const line of this.linesOf(vehicle)) {
      // Of a listed epoch it would list each class that it has anything of: so all that was known is not on board.
      const onBoardTo = epochs.has(line.epoch) ? line.expected : 0;
      if (line.onBoard.length > 0 || line.onBoardTo !== onBoardTo) {
        this.#change(line, nowNs, () => ({ onBoard: none, onBoardTo }));
      }
    }
    for (const { epoch, class: name, ranges } of onBoard) {
      const onBoardTo = ranges.at(-1)?.last ?? 0;
      this.#change({ vehicle, epoch, class: name }, nowNs, ({ expected }) => ({
        onBoard: ranges,
        onBoardTo,
        expected: Math.max(expected, onBoardTo),
      }));
    }
    const isCut = onBoard.reduce((sum, { ranges }) => sum + ranges.length, 0) >= inventoryRangesMax;
    for (const { epoch, class: name, ranges } of durable) {
      const key = { vehicle, epoch, class: name };
      const durableTo = ranges.at(-1)?.last ?? 0;
      const listed = this.#lineOf(key)?.onBoard ?? none;
      const isWhole = !isCut && listed.length < rangesPerMessageMax;
      const onBoardTo = isWhole ? durableTo : listed.at(-1)?.last ?? 0;
      this.#change(key, nowNs, ({ expected }) => ({ onBoardTo, expected: Math.max(expected, durableTo) }));
    }
    const book = this.#bookOf(vehicle);
    book.statement = { ...through, atNs: nowNs, epochs: [...epochs], isCut: epochs.size >= inventoryEpochsMax };
    this.hear(vehicle, nowNs);
  }

  /** The first record of an epoch was committed. What came first stays. */
  openEpoch(key: Omit<LineKey, "class">, opening: EpochOpening, nowNs: bigint): void {
    const line: LineKey = { ...key, class: "critical" };
    if (this.#lineOf(line)?.opening === undefined) this.#change(line, nowNs, () => ({ opening }));
  }

  /** Relays told more of a session; the epochs that came through it keep it. Vehicles that are not loaded are passed over. */
  noteLink(vehicle: VehicleId, { session, link }: { session: string; link: LinkEvidence }, nowNs: bigint): void {
    for (const line of this.linesOf(vehicle)) {
      const { opening } = line;
      if (opening?.session !== session) continue;
      this.#change(line, nowNs, () => ({ opening: { ...opening, link: withEarlier(opening.link, link) } }));
    }
  }

  /** There was word of the vehicle. */
  hear(vehicle: VehicleId, nowNs: bigint): void {
    const book = this.#bookOf(vehicle);
    book.heardNs = nowNs;
    book.isHeard = true;
  }

  /** A gap record of the vehicle. */
  addGap(key: LineKey, gap: Gap, nowNs: bigint): void {
    this.#change(key, nowNs, (line) => ({
      gaps: withGap(line.gaps, gap),
      expected: Math.max(line.expected, gap.last),
    }));
  }

  /** The lines changed since the last call, and the accounts of the vehicles that there was word of. */
  takeChanged(nowNs: bigint): LedgerChanges {
    const lines: LedgerEntry[] = [];
    const accounts: VehicleAccount[] = [];
    for (const [vehicle, book] of this.#books) {
      if (!isUnsaved(book)) continue;
      lines.push(...Array.from(book.changed, (name) => book.lines.get(name)!));
      book.account = accountOf(vehicle, { ...book, lines: [...book.lines.values()], before: book.account, nowNs });
      accounts.push(book.account);
      book.changed.clear();
      book.isHeard = false;
    }
    return { lines, accounts };
  }

  /** Gives back what could not be written: it is given out again. */
  giveBack({ lines, accounts }: LedgerChanges): void {
    for (const line of lines) this.#bookOf(line.vehicle).changed.add(lineName(line));
    for (const { vehicle } of accounts) this.#bookOf(vehicle).isHeard = true;
  }

  #bookOf(vehicle: VehicleId): Book {
    const book = this.#books.get(vehicle);
    if (book === undefined) throw new Error(`Ledger of "${vehicle}" was changed before it was loaded`);
    return book;
  }

  #lineOf(key: LineKey): LedgerEntry | undefined {
    return this.#books.get(key.vehicle)?.lines.get(lineName(key));
  }

  #change(key: LineKey, nowNs: bigint, change: (line: LedgerEntry) => Partial<LedgerEntry>): void {
    const { lines, changed } = this.#bookOf(key.vehicle);
    const name = lineName(key);
    const line = lines.get(name) ?? emptyLedgerEntry(key, { sinceNs: nowNs });
    lines.set(name, { ...line, ...change(line) });
    changed.add(name);
  }
}

function isUnsaved({ changed, isHeard }: Book): boolean {
  return changed.size > 0 || isHeard;
}

function lineName(key: Pick<LineKey, "epoch" | "class">): string {
  return `${key.epoch}/${key.class}`;
}

/** Gaps of one cause are joined where they touch: a ring that is full for days writes very many. */
function withGap(gaps: readonly Gap[], { first, last, cause }: Gap): Gap[] {
  const same = normalize([...gaps.filter((known) => known.cause === cause), { first, last }]);
  return [...gaps.filter((known) => known.cause !== cause), ...same.map((range) => ({ ...range, cause }))];
}

/** What was known before stays: an owner that began in the middle of a session did not hear its beginning. */
function withEarlier(before: LinkEvidence | undefined, { agentVersion, clockOffset }: LinkEvidence): LinkEvidence {
  const known = before?.clockOffset;
  return {
    agentVersion: agentVersion || before?.agentVersion || "",
    clockOffset: clockOffset === undefined ? known : { ...clockOffset, firstNs: known?.firstNs ?? clockOffset.firstNs },
  };
}

function highest(expected: number, ranges: Ranges): number {
  return Math.max(expected, ranges.at(-1)?.last ?? 0);
}
