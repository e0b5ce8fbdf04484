/**
 * An append-only log of who changed what, in which each entry holds the SHA-256 of the one before: whoever changes one, takes
 * one out or puts one in between is found. Pure but for its store.
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import { Fault } from "#proto/errors.ts";
import type { Clock } from "#proto/ports.ts";
import { appendAttemptsMax } from "./limits.ts";

/** What happened. */
export interface AuditFact {
  /** Id of the principal, and its name. */
  readonly who: string;
  readonly name: string;
  /** Method and path. */
  readonly what: string;
  /** As the caller said; empty when he said nothing. */
  readonly why: string;
  /** The service that did it. */
  readonly where: string;
  /** HTTP status of the answer. */
  readonly outcome: number;
}

const schema = z.strictObject({
  who: z.string(),
  name: z.string(),
  what: z.string(),
  why: z.string(),
  where: z.string(),
  outcome: z.number(),
  atMs: z.number(),
  /** SHA-256 of the text of the entry before, hex; of the first: 64 zeros. */
  before: z.string(),
});

/** One entry. */
export type AuditEntry = z.output<typeof schema>;

/** A text in the log. */
export interface StoredEntry {
  /** From 1, without a hole. */
  readonly sequence: number;
  readonly text: string;
}

/** Where the log lies. Faults: `unavailable`. */
export interface AuditStore {
  /** The last entry; undefined when there is none. */
  last(): Promise<StoredEntry | undefined>;
  /** Appends behind that sequence, 0 for the first; undefined when another one is there. */
  append(behind: number, text: string): Promise<StoredEntry | undefined>;
  /** Entries from a sequence on, oldest first. */
  read(from: number, limit: number): Promise<StoredEntry[]>;
}

const zeros = "0".repeat(64);

/** The log as a service writes it. */
export class AuditLog {
  readonly #store: AuditStore;
  readonly #clock: Pick<Clock, "wallNs">;
  #last: StoredEntry | undefined;

  constructor(store: AuditStore, clock: Pick<Clock, "wallNs">) {
    this.#store = store;
    this.#clock = clock;
  }

  /** Appends what happened. Faults: `unavailable`. */
  async append(fact: AuditFact): Promise<void> {
    const atMs = Number(this.#clock.wallNs() / 1_000_000n);
    for (let attempt = 0; attempt < appendAttemptsMax; attempt++) {
      if (attempt > 0 || this.#last === undefined) this.#last = await this.#store.last();
      const last = this.#last;
      const entry: AuditEntry = { ...fact, atMs, before: last === undefined ? zeros : hashOf(last.text) };
      const appended = await this.#store.append(last?.sequence ?? 0, JSON.stringify(entry));
      // Another service wrote meanwhile: behind that one, then.
      if (appended === undefined) continue;
      this.#last = appended;
      return;
    }
    throw new Fault("unavailable", "Cannot write to the audit log: others write all the time");
  }
}

/** Reads an entry; throws what is none. */
export function readEntry(text: string): AuditEntry {
  return schema.parse(JSON.parse(text));
}

/** Checks a chain as it is read, page by page. */
export class ChainCheck {
  #before = zeros;
  #next = 1;

  /** How many entries were good. */
  get checked(): number {
    return this.#next - 1;
  }

  /** The first entry that does not belong where it stands, with the reason; undefined: all do. */
  check(entries: readonly StoredEntry[]): { sequence: number; reason: string } | undefined {
    for (const { sequence, text } of entries) {
      if (sequence !== this.#next) return { sequence: this.#next, reason: "it is missing" };
      const reason = this.#reasonAgainst(text);
      if (reason !== undefined) return { sequence, reason };
      this.#before = hashOf(text);
      this.#next += 1;
    }
    return undefined;
  }

  #reasonAgainst(text: string): string | undefined {
    try {
      return readEntry(text).before === this.#before ? undefined : "it does not follow from the one before";
    } catch {
      // What somebody wrote over it need not be an entry.
      return "it is no entry";
    }
  }
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
