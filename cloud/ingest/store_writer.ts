/**
 * Writes to a store that may be away or may refuse. Away: repeats with growing pauses, for as long as it takes, because
 * nothing may pass without a verdict. Refusing, while it takes other things: halves what was to be written until the
 * culprit is alone, so that one of n costs about 2 log2 n writes and its neighbours nothing.
 *
 *     all -fails-> halves -fails-> ... one -fails-> does the store take writes at all? -yes-> once more -fails-> refused
 */
import { asFault, type Fault } from "#proto/errors.ts";
import type { StreamName } from "#proto/ids.ts";
import type { Block } from "#proto/batch.ts";
import type { Clock, Log } from "#proto/ports.ts";
import type { KeptAside } from "../lib/store/quarantine_entry.ts";
import type { RowBlock } from "../lib/store/rows.ts";
import type { Store } from "../lib/store/store.ts";
import { storeRetryFirstMs, storeRetryMaxMs } from "./limits.ts";

/** What became of a write. */
export interface Written {
  /** Streams whose table took the rows and does not show them. */
  readonly suspended: ReadonlySet<StreamName>;
  /** Blocks that the store does not take although it takes others, and why. */
  readonly refused: ReadonlyMap<Block, Fault>;
}

/** The part of a store that is written to. */
export type WritableStore = Pick<Store, "write" | "check" | "probe" | "quarantine">;

/** See the head of this file. */
export class StoreWriter {
  readonly #store: WritableStore;
  readonly #clock: Clock;
  readonly #log: Log;
  /** Why the last attempt failed; undefined while the store answers. */
  failing: string | undefined;

  constructor({ store, clock, log }: { store: WritableStore; clock: Clock; log: Log }) {
    this.#store = store;
    this.#clock = clock;
    this.#log = log;
  }

  /** Writes all blocks but those that the store refuses, and keeps batches aside, in one commit if it can be. */
  async write(blocks: readonly RowBlock[], aside: readonly KeptAside[] = []): Promise<Written> {
    this.#tell(aside);
    return await this.#write(blocks, aside);
  }

  /** Keeps batches aside, durably. */
  async keep(aside: readonly KeptAside[]): Promise<void> {
    this.#tell(aside);
    await this.#keep(aside);
  }

  /** The answer, or undefined when the store failed. */
  async attempt<T>(what: string, call: () => Promise<T>): Promise<T | undefined> {
    try {
      const answer = await call();
      this.failing = undefined;
      return answer;
    } catch (error) {
      this.#note(what, error);
      return undefined;
    }
  }

  /** Repeats a call with growing pauses until it succeeds. */
  async untilItAnswers<T>(what: string, call: () => Promise<T>): Promise<T> {
    for (let pauseMs = storeRetryFirstMs;; pauseMs = Math.min(2 * pauseMs, storeRetryMaxMs)) {
      const answer = await this.attempt(what, async () => ({ of: await call() }));
      if (answer !== undefined) return answer.of;
      await this.#clock.after(pauseMs);
    }
  }

  async #write(blocks: readonly RowBlock[], aside: readonly KeptAside[]): Promise<Written> {
    if (blocks.length + aside.length === 0) return { suspended: new Set(), refused: new Map() };
    const written = await this.attempt("write rows", () => this.#store.write(blocks, aside));
    if (written !== undefined) return { suspended: new Set(written.suspended), refused: new Map() };
    await this.untilItAnswers("reach the store", () => this.#store.check());
    if (aside.length === 0) return blocks.length === 1 ? await this.#writeAlone(blocks[0]) : this.#writeHalves(blocks);
    // Either may be what the store refuses.
    await this.#keep(aside);
    return await this.#write(blocks, []);
  }

  async #writeHalves(blocks: readonly RowBlock[]): Promise<Written> {
    const middle = blocks.length >> 1;
    const first = await this.#write(blocks.slice(0, middle), []);
    const second = await this.#write(blocks.slice(middle), []);
    return {
      suspended: first.suspended.union(second.suspended),
      refused: new Map([...first.refused, ...second.refused]),
    };
  }

  /** One block that just failed: a full disk answers and refuses all, so it counts only while something else is taken. */
  async #writeAlone(block: RowBlock): Promise<Written> {
    await this.untilItAnswers("write to the store", () => this.#store.probe());
    try {
      const { suspended } = await this.#store.write([block]);
      return { suspended: new Set(suspended), refused: new Map() };
    } catch (error) {
      const fault = asFault(error, "store_failed");
      this.#log.warn("The store refuses rows", { vehicle: block.vehicle, error: fault.message });
      return { suspended: new Set(), refused: new Map([[block.block, fault]]) };
    }
  }

  async #keep(aside: readonly KeptAside[]): Promise<void> {
    if (aside.length === 0) return;
    const quarantine = async () => {
      await this.#store.quarantine(aside);
      return true;
    };
    if (await this.attempt("keep batches aside", quarantine)) return;
    await this.untilItAnswers("write to the store", () => this.#store.probe());
    if (aside.length === 1) return await this.#keepAlone(aside[0]);
    const middle = aside.length >> 1;
    await this.#keep(aside.slice(0, middle));
    await this.#keep(aside.slice(middle));
  }

  /** What the store does not even keep aside is kept without its bytes: nothing behind it may wait for ever. */
  async #keepAlone({ entry, batch }: KeptAside): Promise<void> {
    try {
      await this.#store.quarantine([{ entry, ...(batch && { batch }) }]);
    } catch (error) {
      const reason = `${entry.reason}; its bytes were refused by the store: ${asFault(error).message}`;
      const bare: KeptAside = { entry: { ...entry, reason }, batch: new Uint8Array(0) };
      await this.untilItAnswers("keep a batch aside", () => this.#store.quarantine([bare]));
    }
  }

  /** One line however many there are: poison must not fill the log of the service either. */
  #tell(aside: readonly KeptAside[]): void {
    if (aside.length === 0) return;
    const { vehicle, code, reason, place } = aside[0].entry;
    this.#log.warn("Batches kept aside", { count: aside.length, vehicle, code, reason, sequence: place.sequence });
  }

  #note(what: string, error: unknown): void {
    const fault = asFault(error, "store_failed");
    this.failing = fault.message;
    this.#log.warn(`Cannot ${what}`, { code: fault.code, error: fault.message });
  }
}
