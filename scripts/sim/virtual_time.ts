/**
 * The world's time. It jumps from timer to timer, and everything that follows from one timer is over before the next one
 * fires: so a run depends on nothing but its seed, and costs no waiting.
 */
import { setImmediate } from "node:timers";

/** Something that will happen, unless it is cancelled. */
export interface Timer {
  readonly dueMs: number;
  readonly order: number;
  /** Undefined once it has fired or was cancelled. */
  fire: (() => void) | undefined;
}

/**
 * Moments are whole parts of a millisecond, this many: so sums and differences of them are exact, and who waits until a
 * moment never wakes a hair before it.
 */
const partsPerMs = 1024;
/** So many timers at one moment mean that somebody waits for nothing, again and again. */
const firedAtOnceMax = 100_000;

/** Timers in a binary heap, by due time, then by the order in which they were set. */
export class VirtualTime {
  #nowMs = 0;
  #order = 0;
  #fired = 0;
  #firedAtOnce = 0;
  readonly #heap: Timer[] = [];

  /** Milliseconds since the world began. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** Timers that have fired. */
  get fired(): number {
    return this.#fired;
  }

  /** Calls `fire` once so much time has passed. */
  set(delayMs: number, fire: () => void): Timer {
    const dueMs = Math.ceil((this.#nowMs + Math.max(0, delayMs)) * partsPerMs) / partsPerMs;
    const timer = { dueMs, order: this.#order++, fire };
    this.#push(timer);
    return timer;
  }

  /** Moves time on to a moment, firing what falls due on the way. */
  async runTo(untilMs: number): Promise<void> {
    await settled();
    while (this.#heap.length > 0 && this.#heap[0].dueMs <= untilMs) {
      const timer = this.#pop();
      if (timer.fire === undefined) continue;
      this.#firedAtOnce = timer.dueMs > this.#nowMs ? 0 : this.#firedAtOnce + 1;
      if (this.#firedAtOnce > firedAtOnceMax) throw new Error(`Time stands still at ${this.#nowMs} ms`);
      this.#nowMs = timer.dueMs;
      const { fire } = timer;
      timer.fire = undefined;
      this.#fired++;
      fire();
      await settled();
    }
    this.#nowMs = untilMs;
  }

  #push(timer: Timer): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(timer);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (isBefore(heap[parent], timer)) break;
      heap[at] = heap[parent];
      at = parent;
    }
    heap[at] = timer;
  }

  #pop(): Timer {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop() as Timer;
    if (heap.length === 0) return first;
    let at = 0;
    for (let child = 1; child < heap.length; child = 2 * at + 1) {
      if (child + 1 < heap.length && isBefore(heap[child + 1], heap[child])) child++;
      if (isBefore(last, heap[child])) break;
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.order < b.order);
}

/** A turn of the event loop: every promise that can go on has gone on when it resolves. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
