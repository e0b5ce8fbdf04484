/** Time under a test's control. */
import { setImmediate } from "node:timers";
import type { Clock } from "../ports.ts";

interface Timer {
  readonly dueMs: number;
  fire(): void;
}

/** Midday of some day in 2026: later than any certificate or floor that tests deal with. */
const startWallNs = 1_780_000_000_000_000_000n;

/** A clock that moves only when told; timers fire in order of due time, then of creation. */
export class VirtualClock implements Clock {
  #uptimeMs: number;
  /** What the wall clock shows beyond the uptime. */
  #wallBaseNs: bigint;
  /** Sorted by due time, equal ones by creation. */
  readonly #timers: Timer[] = [];

  constructor(start: { wallNs?: bigint; uptimeMs?: number } = {}) {
    this.#uptimeMs = start.uptimeMs ?? 1000;
    this.#wallBaseNs = (start.wallNs ?? startWallNs) - nsOf(this.#uptimeMs);
  }

  wallNs(): bigint {
    return this.#wallBaseNs + nsOf(this.#uptimeMs);
  }

  uptimeMs(): number {
    return this.#uptimeMs;
  }

  after(delayMs: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    return new Promise((resolve, reject) => {
      const timer: Timer = {
        dueMs: this.#uptimeMs + Math.max(0, delayMs),
        fire: () => {
          signal?.removeEventListener("abort", abort);
          resolve();
        },
      };
      const abort = () => {
        const at = this.#timers.indexOf(timer);
        if (at >= 0) this.#timers.splice(at, 1);
        reject(signal?.reason);
      };
      signal?.addEventListener("abort", abort, { once: true });
      this.#insert(timer);
    });
  }

  /** Sets the wall clock forward or back; uptime and timers do not notice. */
  stepWall(byNs: bigint): void {
    this.#wallBaseNs += byNs;
  }

  /** Moves time on, firing what falls due and letting everything that follows from it run. */
  async advance(byMs: number): Promise<void> {
    const untilMs = this.#uptimeMs + byMs;
    await settled();
    while (this.#timers.length > 0 && this.#timers[0].dueMs <= untilMs) await this.#fireNext();
    this.#uptimeMs = untilMs;
    await settled();
  }

  /**
   * Moves time on from timer to timer until the work settles, and gives its result. Throws when it has not after
   * `limitMs` (one hour by default) of virtual time, or when nothing is left that could settle it.
   */
  async run<T>(work: Promise<T>, options: { limitMs?: number } = {}): Promise<T> {
    const limitMs = this.#uptimeMs + (options.limitMs ?? 3_600_000);
    let done = false;
    const finish = () => {
      done = true;
    };
    work.then(finish, finish);
    for (await settled(); !done; await settled()) {
      const next = this.#timers[0];
      if (next === undefined) {
        throw new Error("Cannot run work to its end: it waits for nothing that this clock drives");
      }
      if (next.dueMs > limitMs) throw new Error(`Cannot run work to its end: still waiting at ${next.dueMs} ms`);
      await this.#fireNext();
    }
    return work;
  }

  async #fireNext(): Promise<void> {
    const timer = this.#timers.shift();
    if (timer === undefined) return;
    this.#uptimeMs = Math.max(this.#uptimeMs, timer.dueMs);
    timer.fire();
    await settled();
  }

  #insert(timer: Timer): void {
    let at = this.#timers.length;
    while (at > 0 && this.#timers[at - 1].dueMs > timer.dueMs) at--;
    this.#timers.splice(at, 0, timer);
  }
}

/** A turn of the event loop: every promise that can go on has gone on when it resolves. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function nsOf(ms: number): bigint {
  return BigInt(Math.round(ms * 1e6));
}
