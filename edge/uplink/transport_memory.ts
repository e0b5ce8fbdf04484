/**
 * Which transport is dialled first, and when the other one beside it: QUIC, unless TCP was lately what worked with that
 * relay. A vehicle that comes into another network finds out by the race. Pure.
 */
import type { DialTarget, Transport } from "#proto/ports.ts";
import {
  bestOnlyMs,
  dialTimeoutMs,
  hastyStaggerMs,
  raceStaggerMs,
  transportMemoryMax,
  transportMemoryMs,
} from "../limits.ts";

/** How one relay is dialled. */
export interface DialPlan {
  /** Each is tried when the one before has failed, or had `staggerMs`. */
  readonly order: readonly Transport[];
  readonly staggerMs: number;
  readonly limitMs: number;
}

/** What one agent remembers. Times are uptime in ms. */
export class TransportMemory {
  /** Until when TCP is tried first, by relay; in the order of the last success. */
  readonly #tcpUntilMs = new Map<string, number>();

  /** How to dial now. */
  plan(target: DialTarget, nowMs: number): DialPlan {
    if (target.manner === "best_only") return { order: ["quic"], staggerMs: 0, limitMs: bestOnlyMs };
    const staggerMs = target.manner === "hasty" ? hastyStaggerMs : raceStaggerMs;
    const isTcpFirst = (this.#tcpUntilMs.get(nameOf(target)) ?? -Infinity) > nowMs;
    return { order: isTcpFirst ? ["tcp", "quic"] : ["quic", "tcp"], staggerMs, limitMs: dialTimeoutMs };
  }

  /** That transport reached the relay first. */
  handleWon(target: DialTarget, transport: Transport, nowMs: number): void {
    const name = nameOf(target);
    this.#tcpUntilMs.delete(name);
    if (transport !== "tcp") return;
    this.#tcpUntilMs.set(name, nowMs + transportMemoryMs);
    const [oldest] = this.#tcpUntilMs.keys();
    if (this.#tcpUntilMs.size > transportMemoryMax) this.#tcpUntilMs.delete(oldest);
  }
}

function nameOf({ host, port }: DialTarget): string {
  return `${host}:${port}`;
}
