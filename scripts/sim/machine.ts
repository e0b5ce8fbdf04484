/**
 * Machines and the lives of processes on them. A life sees the world through ports that end with it: a process that was
 * killed goes on nowhere, because none of its waits ever ends.
 */
import type { Clock } from "#proto/ports.ts";
import type { Timer, VirtualTime } from "./virtual_time.ts";

/** Midday of some day in 2026. */
const startWallNs = 1_780_000_000_000_000_000n;

/** A computer with its clock. What is changed here, its processes see. */
export class Machine {
  readonly time: VirtualTime;
  /** When it was switched on last. */
  bootedAtMs: number;
  /** What its wall clock shows beyond the true time. */
  wallAheadNs = 0n;
  #isAsleep = false;
  /** What fell due while it slept. */
  #due: (() => void)[] = [];

  constructor(time: VirtualTime) {
    this.time = time;
    this.bootedAtMs = time.nowMs - 1000;
  }

  /** The time that an atomic clock would show. */
  get trueWallNs(): bigint {
    return startWallNs + BigInt(Math.round(this.time.nowMs * 1e6));
  }

  get isAsleep(): boolean {
    return this.#isAsleep;
  }

  /** Nothing on it goes on until {@link wake}, while its uptime counts. */
  sleep(): void {
    this.#isAsleep = true;
  }

  /** Everything that fell due happens now, late. */
  wake(): void {
    this.#isAsleep = false;
    for (const run of this.#due.splice(0)) this.time.set(0, run);
  }

  /** Does something when the machine is awake. */
  whenAwake(run: () => void): void {
    if (this.#isAsleep) this.#due.push(run);
    else run();
  }
}

/** One process from its start to its end, as the clock that it reads. */
export class Life implements Clock {
  readonly machine: Machine;
  #isOver = false;
  readonly #bySignal = new WeakMap<AbortSignal, Map<Timer, (reason: unknown) => void>>();

  constructor(machine: Machine) {
    this.machine = machine;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Ends the process at once: what it waits for never comes. */
  end(): void {
    this.#isOver = true;
  }

  wallNs(): bigint {
    return this.machine.trueWallNs + this.machine.wallAheadNs;
  }

  uptimeMs(): number {
    return this.machine.time.nowMs - this.machine.bootedAtMs;
  }

  after(delayMs: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    return new Promise((resolve, reject) => {
      const timer = this.#set(delayMs, () => {
        if (signal !== undefined) this.#bySignal.get(signal)?.delete(timer);
        resolve();
      });
      if (signal !== undefined) this.#timersOf(signal).set(timer, reject);
    });
  }

  /** Resolves when the machine is awake and the process still lives. */
  async awake(): Promise<void> {
    if (this.#isOver || this.machine.isAsleep) await this.after(0);
  }

  #set(delayMs: number, fire: () => void): Timer {
    const { machine } = this;
    const run = () => {
      if (!this.#isOver) fire();
    };
    return machine.time.set(delayMs, () => machine.whenAwake(run));
  }

  /** One listener per signal, however many timers wait under it: listeners are dear. */
  #timersOf(signal: AbortSignal): Map<Timer, (reason: unknown) => void> {
    const known = this.#bySignal.get(signal);
    if (known !== undefined) return known;
    const timers = new Map<Timer, (reason: unknown) => void>();
    this.#bySignal.set(signal, timers);
    signal.addEventListener("abort", () => {
      for (const [timer, reject] of timers) {
        timer.fire = undefined;
        reject(signal.reason);
      }
      timers.clear();
    }, { once: true });
    return timers;
  }
}
