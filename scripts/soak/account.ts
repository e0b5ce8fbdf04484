/**
 * The account of a rig: what was answered durable, against what the store has and what the ledger says of the rest. It
 * shares no code with what it checks.
 */
import type { Class } from "#proto/class.ts";
import { type SoakFrame, soakFrame } from "./frames.ts";

/** Identity of a frame within its vehicle. */
export interface Place {
  readonly epoch: string;
  readonly class: Class;
  readonly seq: number;
}

/** A stored row. */
export interface SoakRow extends Place {
  readonly stream: string;
  readonly ts: string;
  /** Columns that are not null, by their names, without those of the key. */
  readonly data: Readonly<Record<string, unknown>>;
}

/** What the completeness of a vehicle says is stored and missing. */
export interface LedgerView {
  readonly epochs: readonly {
    readonly epoch: string;
    readonly classes: readonly {
      readonly class: string;
      readonly expected: number;
      /** How many. */
      readonly stored: number;
      readonly missing_ranges: readonly { readonly first: number; readonly last: number; readonly cause: string }[];
    }[];
  }[];
}

/** The end of the account, in frames. */
export interface Findings {
  /** Answered durable. */
  readonly durable: number;
  /** Of these, in the store with their values. */
  readonly stored: number;
  /** Of these, not in the store, and named by the ledger with a cause: how many by each. */
  readonly named: Readonly<Record<string, number>>;
  /** Of these, neither: what was promised not to happen. */
  readonly lost: number;
  /** Rows whose identity another row has too. */
  readonly doubled: number;
  /** Rows that are not what was posted. */
  readonly changed: number;
  /** Rows of frames whose answer was lost: good, and nobody was told. */
  readonly unanswered: number;
  /** In the store, while the ledger says that they are missing. */
  readonly contradicted: number;
  /** Some of what is wrong, in words. */
  readonly examples: readonly string[];
}

/** The ledger says it of what it has no word for. */
const noCause = "unknown";
const examplesMax = 10;

/** See the head of this file. */
export class Account {
  readonly #startNs: bigint;
  /** Number of the frame by epoch and class, then by seq. */
  readonly #durable = new Map<string, Map<number, number>>();
  readonly #seen = new Map<string, Set<number>>();
  readonly #examples: string[] = [];
  #durableCount = 0;
  #stored = 0;
  #doubled = 0;
  #changed = 0;
  #unanswered = 0;

  /** `startNs`: time of frame 0. */
  constructor(startNs: bigint) {
    this.#startNs = startNs;
  }

  get durable(): number {
    return this.#durableCount;
  }

  handleDurable(place: Place, number: number): void {
    const ofEpoch = entryOf(this.#durable, place, () => new Map<number, number>());
    if (ofEpoch.has(place.seq)) {
      this.#tell(`${nameOf(place)} was given to frames ${ofEpoch.get(place.seq)} and ${number}`);
    }
    ofEpoch.set(place.seq, number);
    this.#durableCount++;
  }

  handleRow(row: SoakRow): void {
    const seen = entryOf(this.#seen, row, () => new Set<number>());
    if (seen.has(row.seq)) {
      this.#doubled++;
      return this.#tell(`${nameOf(row)} is in the store twice`);
    }
    seen.add(row.seq);
    const number = this.#durable.get(keyOf(row))?.get(row.seq);
    const wanted = number ?? Number(row.data.number);
    const why = differenceOf(row, soakFrame(wanted, this.#startNs));
    if (why !== undefined) {
      this.#changed++;
      return this.#tell(`${nameOf(row)} is not frame ${wanted}: ${why}`);
    }
    if (number === undefined) this.#unanswered++;
    else this.#stored++;
  }

  /** Closes the account with the ledger's word. */
  settle(ledger: LedgerView): Findings {
    const named: Record<string, number> = {};
    let lost = 0;
    let contradicted = 0;
    for (const [key, ofEpoch] of this.#durable) {
      const missing = missingOf(ledger, key);
      const causeOf = (seq: number) => missing.find(({ first, last }) => first <= seq && seq <= last)?.cause;
      for (const [seq, number] of ofEpoch) {
        const isStored = this.#seen.get(key)?.has(seq) ?? false;
        const cause = isStored && missing.length === 0 ? undefined : causeOf(seq);
        if (isStored) {
          if (cause === undefined) continue;
          contradicted++;
          this.#tell(`${key} ${seq} is in the store, and the ledger says ${cause}`);
        } else if (cause === undefined || cause === noCause) {
          lost++;
          this.#tell(`${key} ${seq} (frame ${number}) is lost: the ledger says ${cause ?? "nothing"}`);
        } else {
          named[cause] = (named[cause] ?? 0) + 1;
        }
      }
    }
    return {
      ...{ durable: this.#durableCount, stored: this.#stored, named, lost, contradicted },
      ...{ doubled: this.#doubled, changed: this.#changed, unanswered: this.#unanswered },
      examples: this.#examples,
    };
  }

  #tell(what: string): void {
    if (this.#examples.length < examplesMax) this.#examples.push(what);
  }
}

/** Whether nothing was lost, doubled or changed, and the ledger agrees with the store. */
export function isGood({ lost, doubled, changed, contradicted, durable, stored, named }: Findings): boolean {
  const told = Object.values(named).reduce((sum, count) => sum + count, 0);
  return lost + doubled + changed + contradicted === 0 && durable === stored + told;
}

function keyOf({ epoch, class: name }: Place): string {
  return `${epoch}/${name}`;
}

function nameOf(place: Place): string {
  return `${keyOf(place)} ${place.seq}`;
}

function entryOf<T>(map: Map<string, T>, place: Place, make: () => T): T {
  const key = keyOf(place);
  let entry = map.get(key);
  if (entry === undefined) map.set(key, entry = make());
  return entry;
}

function missingOf({ epochs }: LedgerView, key: string) {
  const [epoch, className] = key.split("/");
  const classes = epochs.find((one) => one.epoch === epoch)?.classes;
  return classes?.find((one) => one.class === className)?.missing_ranges ?? [];
}

/** What of a row is other than in its frame; undefined when nothing is. */
function differenceOf(row: SoakRow, frame: SoakFrame): string | undefined {
  const found = { stream: row.stream, class: row.class, ts: row.ts, ...row.data };
  const wanted = { stream: frame.stream, class: frame.class, ts: frame.ts, ...frame.data };
  const names = new Set([...Object.keys(found), ...Object.keys(wanted)]);
  const member = (from: Readonly<Record<string, unknown>>, name: string) => from[name];
  const name = [...names].find((one) => !Object.is(member(found, one), member(wanted, one)));
  return name && `${name} is ${JSON.stringify(member(found, name))}, wanted ${JSON.stringify(member(wanted, name))}`;
}
