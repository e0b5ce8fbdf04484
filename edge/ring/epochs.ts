/** The epochs that this start has opened: which one is open, which came before it, and what time it is in each. */
import { classes } from "#proto/class.ts";
import { type Epoch, epochOf } from "#proto/ids.ts";
import { ancestorsMax } from "#proto/limits.ts";
import type { Clock, Random } from "#proto/ports.ts";
import type { Board } from "./board.ts";
import { epochFrame } from "./own_frames.ts";
import type { EpochReason, NewFrame } from "./port.ts";

/** What {@link Epochs} needs. */
export interface EpochsOptions {
  readonly board: Board;
  readonly clock: Clock;
  readonly random: Random;
  /** Random id of this start of the agent. */
  readonly boot: Uint8Array;
}

/** Opens epochs and tells their time. */
export class Epochs {
  readonly #options: EpochsOptions;
  #current: Epoch;
  #ancestors: readonly Epoch[];
  /** Wall clock minus uptime when the epoch opened. */
  #timeBaseNs: bigint;
  /** The same of earlier epochs of this start, as long as they are on board. */
  readonly #timeBases = new Map<Epoch, bigint>();

  /** Opens the first epoch of this start, behind the newest one on board. */
  constructor(options: EpochsOptions) {
    this.#options = options;
    const newest = options.board.segments().at(-1)?.header;
    this.#ancestors = newest === undefined ? [] : [newest.epoch, ...newest.ancestors].slice(0, ancestorsMax);
    this.#timeBaseNs = this.#timeBase();
    this.#current = epochOf(options.random.bytes(8));
  }

  /** The epoch that is open. */
  get current(): Epoch {
    return this.#current;
  }

  /** The epochs before it, newest first. */
  get ancestors(): readonly Epoch[] {
    return this.#ancestors;
  }

  /** The vehicle's time in the open epoch, nanoseconds since 1970. */
  nowNs(): bigint {
    return this.#timeBaseNs + this.#uptimeNs();
  }

  /** The same in an epoch that this start has opened; undefined for any other. */
  nowIn(epoch: Epoch): bigint | undefined {
    const baseNs = epoch === this.#current ? this.#timeBaseNs : this.#timeBases.get(epoch);
    return baseNs === undefined ? undefined : baseNs + this.#uptimeNs();
  }

  /** Opens an epoch behind the present one. */
  openNext(): void {
    this.#rememberTimeBase();
    this.#ancestors = [this.#current, ...this.#ancestors].slice(0, ancestorsMax);
    this.#current = epochOf(this.#options.random.bytes(8));
    this.#timeBaseNs = this.#timeBase();
  }

  /** Puts the open epoch on board and makes its first frame, which says how far the one before it came. */
  opening(reason: EpochReason, { clockSynchronized }: { clockSynchronized: boolean }): NewFrame {
    const { board, boot } = this.#options;
    const [previous] = this.#ancestors;
    const series = previous === undefined ? undefined : board.find(previous)?.series;
    const lasts = classes.map((className) => series?.get(className)?.durable ?? 0);
    board.epoch(this.#current).clockOffsetNs = clockSynchronized ? 0n : undefined;
    return epochFrame({ previous, lasts, reason, boot, clockSynchronized }, this.nowNs());
  }

  #rememberTimeBase(): void {
    for (const epoch of this.#timeBases.keys()) {
      if (this.#options.board.find(epoch) === undefined) this.#timeBases.delete(epoch);
    }
    this.#timeBases.set(this.#current, this.#timeBaseNs);
  }

  #timeBase(): bigint {
    return this.#options.clock.wallNs() - this.#uptimeNs();
  }

  #uptimeNs(): bigint {
    return BigInt(Math.round(this.#options.clock.uptimeMs() * 1e6));
  }
}
