/**
 * Owns this instance's fair share of the partitions, whoever comes and goes.
 *
 *     claimed --own, read--> worked --surplus: flush, stop reading, disown--> released, for the next one to claim
 *                              | lease lost: disown, without a word to the store
 *                              | store started again: disown, own anew, for a replay
 *
 * Leases are renewed beside all that, for a flush may wait for a store that is away. They keep two from doing the same work;
 * they do not keep what is stored right: a process that stops for longer than its lease writes on when it wakes up. Rows are
 * keyed, ledgers are joined (`editions.ts`), a checkpoint is true whoever wrote it, so that it does no harm.
 */
import { asFault } from "#proto/errors.ts";
import type { Clock, Log } from "#proto/ports.ts";
import type { Ingest } from "./ingest.ts";
import { leaseRenewMs, leaseRetryMs, shareIntervalMs } from "./limits.ts";
import type { LanePlaces, LogExtent } from "./places.ts";
import type { IngestService } from "./service.ts";
import { nextMove, type Sight } from "./shares.ts";

/** The leases of all instances. Every call rejects with `log_failed` when it cannot be told what became of it. */
export interface LeaseBoard {
  /** Says that this instance works. Rejects with `unavailable` when another process does under its name. */
  announce(): Promise<void>;
  look(): Promise<Sight>;
  /** Whether the lease is this instance's now. */
  claim(partition: number): Promise<boolean>;
  /** Prolongs all leases; returns those that somebody else may have by now. */
  renew(): Promise<number[]>;
  release(partition: number): Promise<void>;
  /** Says that this instance works no more. */
  leave(): Promise<void>;
}

/** Partitions that were taken over together. */
export interface Taken {
  readonly tenure: number;
  readonly partitions: readonly number[];
  /** Places of the last messages that are not wanted. */
  readonly from: LanePlaces;
}

/** Whatever is done for partitions while they are owned, beside the work on messages. */
export interface Attendance {
  /** Reads and answers for partitions that were taken over. */
  begin(taken: Taken): void;
  /** Ends it for some, of whatever tenure. */
  end(partitions: readonly number[]): void;
}

/** What ownership is given. */
export interface OwnershipParts {
  readonly instance: string;
  readonly board: LeaseBoard;
  readonly ingest: Pick<Ingest, "own" | "disown" | "flush" | "ownedBeforeRestart">;
  readonly service: Pick<IngestService, "inTurn">;
  readonly attendance: Attendance;
  readonly logExtent: () => Promise<LogExtent>;
  readonly clock: Clock;
  readonly log: Log;
}

/** See the head of this file. */
export class Ownership {
  readonly #parts: OwnershipParts;
  readonly #held = new Set<number>();
  #lost: number[] = [];
  #hasShare = false;

  constructor(parts: OwnershipParts) {
    this.#parts = parts;
  }

  /** Why it does not work yet; empty once it had a look. It may own nothing then: others work, or have not let go yet. */
  get waitingFor(): string {
    return this.#hasShare ? "" : "Partitions are not taken over yet";
  }

  /** Owns partitions until the signal fires, then gives them all up. Rejects when this instance must not go on. */
  async run(signal: AbortSignal): Promise<void> {
    const over = new AbortController();
    const stop = AbortSignal.any([signal, over.signal]);
    try {
      await Promise.all([
        this.#every(leaseRenewMs, stop, () => this.#renew()),
        this.#every(shareIntervalMs, stop, () => this.#share()),
      ]);
    } finally {
      over.abort();
      await this.#giveUp([...this.#held]).catch((error) => this.#abandon(error));
      await this.#parts.board.leave().catch((error) => this.#warn("leave", error));
    }
  }

  async #every(intervalMs: number, signal: AbortSignal, duty: () => Promise<void>): Promise<void> {
    while (!signal.aborted) {
      let pauseMs = intervalMs;
      try {
        await duty();
      } catch (error) {
        if (asFault(error).code === "unavailable") throw error;
        this.#warn("look after partitions", error);
        pauseMs = Math.min(pauseMs, leaseRetryMs);
      }
      await this.#parts.clock.after(pauseMs, signal).catch(() => undefined);
    }
  }

  async #renew(): Promise<void> {
    await this.#parts.board.announce();
    this.#lost.push(...await this.#parts.board.renew());
  }

  async #share(): Promise<void> {
    const { instance, board, ingest } = this.#parts;
    await this.#leaveLost();
    const before = await ingest.ownedBeforeRestart();
    if (before.length > 0) await this.#ownAnew(before);
    const { giveUp, claim } = nextMove({ instance, held: this.#held }, await board.look());
    if (giveUp.length > 0) await this.#giveUp(giveUp);
    if (claim.length > 0) await this.#claim(claim);
    this.#hasShare = true;
  }

  /** No flush: whoever has them now has begun with what lies in the store. */
  async #leaveLost(): Promise<void> {
    const lost = this.#lost.filter((partition) => this.#held.has(partition));
    this.#lost = [];
    if (lost.length === 0) return;
    await this.#parts.service.inTurn(() => Promise.resolve(this.#disown(lost)));
    this.#parts.log.warn("Lost partitions", { partitions: lost.join(",") });
  }

  async #giveUp(partitions: readonly number[]): Promise<void> {
    const { board, service, ingest, log } = this.#parts;
    await service.inTurn(async () => {
      await ingest.flush();
      this.#disown(partitions);
    });
    for (const partition of partitions) await board.release(partition);
    if (partitions.length > 0) log.info("Gave up partitions", { partitions: partitions.join(",") });
  }

  /** What could not be flushed is read again by whoever has the partitions when their leases have ended. */
  async #abandon(error: unknown): Promise<void> {
    this.#warn("give up partitions", error);
    await this.#parts.service.inTurn(() => Promise.resolve(this.#disown([...this.#held])));
  }

  async #claim(wanted: readonly number[]): Promise<void> {
    const { board } = this.#parts;
    const claimed: number[] = [];
    try {
      for (const partition of wanted) if (await board.claim(partition)) claimed.push(partition);
      if (claimed.length > 0) await this.#own(claimed);
    } catch (error) {
      // What cannot be worked is left to others.
      for (const partition of claimed) await board.release(partition);
      throw error;
    }
  }

  async #ownAnew(partitions: readonly number[]): Promise<void> {
    this.#parts.log.warn("The store was started again, writing again what it may have lost", {
      partitions: partitions.length,
    });
    await this.#parts.service.inTurn(() => Promise.resolve(this.#disown(partitions)));
    try {
      await this.#own(partitions);
    } catch (error) {
      for (const partition of partitions) await this.#parts.board.release(partition);
      throw error;
    }
  }

  async #own(partitions: readonly number[]): Promise<void> {
    const { ingest, service, attendance, logExtent, log } = this.#parts;
    const extent = await logExtent();
    const { tenure, from, isReplay } = await service.inTurn(() => ingest.own(partitions, { log: extent }));
    for (const partition of partitions) this.#held.add(partition);
    attendance.begin({ tenure, partitions, from });
    log.info("Owns partitions", { partitions: partitions.join(","), ...from, isReplay });
  }

  #disown(partitions: readonly number[]): void {
    this.#parts.attendance.end(partitions);
    this.#parts.ingest.disown(partitions);
    for (const partition of partitions) this.#held.delete(partition);
  }

  #warn(what: string, error: unknown): void {
    this.#parts.log.warn(`Cannot ${what}`, { error: asFault(error).message });
  }
}
