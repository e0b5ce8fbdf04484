/** Rows that the store took and does not show, because their table is suspended. They have no verdict yet. Bounded. */
import type { Block } from "#proto/batch.ts";
import type { VehicleId } from "#proto/ids.ts";
import type { Decoded } from "./aside.ts";
import { waitingBytesMax } from "./limits.ts";
import type { Place } from "./log_message.ts";
import { seqsOf } from "./rows.ts";
import type { LineRanges } from "./wire.ts";

/** What waits of one batch. */
export interface Waiting extends Decoded {
  /** By {@link Clock.uptimeMs}. */
  readonly sinceMs: number;
}

/** See the head of this file. */
export class WaitingRows {
  /** In the order in which they came. */
  #all: readonly Waiting[] = [];

  /** Batches that wait. */
  get size(): number {
    return this.#all.length;
  }

  /** Whether there is no room for more: `waitingBytesMax` is passed. */
  get isFull(): boolean {
    return this.#all.reduce((sum, { planned }) => sum + planned.delivery.bytes.byteLength, 0) > waitingBytesMax;
  }

  /** A snapshot. */
  get all(): readonly Waiting[] {
    return this.#all;
  }

  /** Where the messages that they came in lie in the log. */
  get places(): Place[] {
    return this.#all.map(({ planned }) => planned.delivery.place);
  }

  /** Seqs of a vehicle that wait. */
  linesOf(vehicle: VehicleId): LineRanges[] {
    return this.#all.filter(({ planned }) => planned.key.vehicle === vehicle)
      .map(({ planned: { key }, blocks }) => ({ epoch: key.epoch, class: key.class, ranges: seqsOf(blocks) }));
  }

  add(waiting: Waiting): void {
    this.#all = [...this.#all, waiting];
  }

  /** Of these only some blocks wait on, or none. */
  narrow(waiting: Waiting, blocks: readonly Block[]): void {
    this.#all = this.#all.flatMap((one) => {
      if (one !== waiting) return [one];
      return blocks.length === 0 ? [] : [{ ...one, blocks }];
    });
  }

  /** Forgets a partition's rows: its next owner reads them again. */
  forget(partition: number): void {
    this.#all = this.#all.filter(({ planned }) => planned.delivery.place.partition !== partition);
  }
}
