/**
 * Which transport is dialled first, and when the other one beside it: QUIC, unless TCP was lately what worked with that
 * relay from the present network. A vehicle that comes into another network finds out by the race. Pure.
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

/** A relay as seen from somewhere. */
export interface Way {
  /** Names the network that the vehicle is in. */
  readonly network: string;
  readonly target: DialTarget;
}

/** What one agent remembers. Times are uptime in ms. */
export class TransportMemory {
  /** Until when TCP is tried first, by way; in the order of the last success. */
  readonly #tcpUntilMs = new Map<string, number>();

  /** How to dial now. */
  plan({ network, target }: Way, nowMs: number): DialPlan {
    if (target.manner === "best_only") return { order: ["quic"], staggerMs: 0, limitMs: bestOnlyMs };
    const staggerMs = target.manner === "hasty" ? hastyStaggerMs : raceStaggerMs;
    const isTcpFirst = (this.#tcpUntilMs.get(nameOf({ network, target })) ?? -Infinity) > nowMs;
    return { order: isTcpFirst ? ["tcp", "quic"] : ["quic", "tcp"], staggerMs, limitMs: dialTimeoutMs };
  }

  /** That transport was the first to get there. */
  handleWon(way: Way, { transport, nowMs }: { transport: Transport; nowMs: number }): void {
    const name = nameOf(way);
    this.#tcpUntilMs.delete(name);
    if (transport !== "tcp") return;
    this.#tcpUntilMs.set(name, nowMs + transportMemoryMs);
    const [oldest] = this.#tcpUntilMs.keys();
    if (this.#tcpUntilMs.size > transportMemoryMax) this.#tcpUntilMs.delete(oldest);
  }
}

function nameOf({ network, target: { host, port } }: Way): string {
  return `${host}:${port} ${network}`;
}
