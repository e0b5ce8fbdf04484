/**
 * Writes to a store that may be away or may refuse. Away: repeats with growing pauses, for as long as it takes, because
 * nothing may pass without a verdict. Refusing, while it answers otherwise: halves the rows until the culprit is alone.
 */
import { asFault } from "#proto/errors.ts";
import type { StreamName } from "#proto/ids.ts";
import type { Block } from "#proto/batch.ts";
import type { Clock, Log } from "#proto/ports.ts";
import type { QuarantineEntry, RowBlock, Store } from "../lib/store/store.ts";
import { storeRetryFirstMs, storeRetryMaxMs } from "./limits.ts";

/** What became of a write. */
export interface Written {
  /** Streams whose table took the rows and does not show them. */
  readonly suspended: ReadonlySet<StreamName>;
  /** Blocks that the store does not take although it takes others. */
  readonly refused: ReadonlySet<Block>;
}

/** The part of a store that is written to. */
export type WritableStore = Pick<Store, "write" | "check" | "quarantine">;

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

  /** Writes all blocks but those that the store refuses. */
  async write(blocks: readonly RowBlock[]): Promise<Written> {
    if (blocks.length === 0) return { suspended: new Set(), refused: new Set() };
    try {
      const { suspended } = await this.#store.write(blocks);
      this.failing = undefined;
      return { suspended: new Set(suspended), refused: new Set() };
    } catch (error) {
      this.#note("write rows", error);
    }
    await this.untilItAnswers("reach the store", () => this.#store.check());
    return blocks.length === 1 ? await this.#writeSuspect(blocks[0]) : await this.#writeHalves(blocks);
  }

  /** Keeps a batch aside, durably. */
  async quarantine(entry: QuarantineEntry): Promise<void> {
    this.#log.warn("Batch kept aside", {
      vehicle: entry.vehicle,
      code: entry.code,
      reason: entry.reason,
      first: entry.first,
      last: entry.last,
    });
    await this.untilItAnswers("keep a batch aside", () => this.#store.quarantine(entry));
  }

  /** Repeats a call with growing pauses until it succeeds. */
  async untilItAnswers<T>(what: string, call: () => Promise<T>): Promise<T> {
    for (let pauseMs = storeRetryFirstMs;; pauseMs = Math.min(2 * pauseMs, storeRetryMaxMs)) {
      try {
        const answer = await call();
        this.failing = undefined;
        return answer;
      } catch (error) {
        this.#note(what, error);
        await this.#clock.after(pauseMs);
      }
    }
  }

  async #writeHalves(blocks: readonly RowBlock[]): Promise<Written> {
    const middle = blocks.length >> 1;
    const first = await this.write(blocks.slice(0, middle));
    const second = await this.write(blocks.slice(middle));
    return { suspended: first.suspended.union(second.suspended), refused: first.refused.union(second.refused) };
  }

  /** One block that just failed while the store answers: once more, then it is refused. */
  async #writeSuspect(block: RowBlock): Promise<Written> {
    try {
      const { suspended } = await this.#store.write([block]);
      return { suspended: new Set(suspended), refused: new Set() };
    } catch (error) {
      this.#note("write a block alone", error);
      return { suspended: new Set(), refused: new Set([block.block]) };
    }
  }

  #note(what: string, error: unknown): void {
    const fault = asFault(error, "store_failed");
    this.failing = fault.message;
    this.#log.warn(`Cannot ${what}`, { code: fault.code, error: fault.message });
  }
}
