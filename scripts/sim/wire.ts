/** The way between two machines of the backbone: delay, loss, doubling, a cut. May be changed at any time. */
import type { SeededRandom } from "#proto/testing/random.ts";
import type { VirtualTime } from "./virtual_time.ts";

/** What the way does to messages. */
export interface WireConditions {
  delayMs: { min: number; max: number };
  /** Part of the messages that never arrive. */
  loss: number;
  /** Part of the messages that arrive twice. */
  doubled: number;
  isCut: boolean;
}

/** What became of a message besides its arrival. */
export interface WireEvents {
  lost(): void;
  doubled(): void;
}

/** A way in good order. */
function goodWire(): WireConditions {
  return { delayMs: { min: 0.2, max: 1.5 }, loss: 0, doubled: 0, isCut: false };
}

/** Carries messages; those of an ordered wire arrive in the order in which they were sent. */
export class Wire {
  readonly conditions = goodWire();
  readonly #time: VirtualTime;
  readonly #random: SeededRandom;
  readonly #events: WireEvents;
  readonly #isOrdered: boolean;
  #lastDueMs = 0;

  constructor(time: VirtualTime, options: { random: SeededRandom; events: WireEvents; isOrdered: boolean }) {
    this.#time = time;
    this.#random = options.random;
    this.#events = options.events;
    this.#isOrdered = options.isOrdered;
  }

  /** Lets `arrive` happen later, once, twice or never. A wire that is cut meanwhile loses it. */
  send(arrive: () => void): void {
    const { loss, doubled } = this.conditions;
    const isLost = loss > 0 && this.#random.fraction() < loss;
    if (isLost || this.conditions.isCut) return this.#events.lost();
    this.#carry(arrive);
    if (doubled === 0 || this.#random.fraction() >= doubled) return;
    this.#events.doubled();
    this.#carry(arrive);
  }

  #carry(arrive: () => void): void {
    const { min, max } = this.conditions.delayMs;
    const dueMs = this.#time.nowMs + min + this.#random.fraction() * (max - min);
    this.#lastDueMs = this.#isOrdered ? Math.max(this.#lastDueMs, dueMs) : dueMs;
    this.#time.set(this.#lastDueMs - this.#time.nowMs, () => {
      if (this.conditions.isCut) this.#events.lost();
      else arrive();
    });
  }
}
