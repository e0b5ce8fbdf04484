/** Dials a relay by QUIC and by TCP, and takes the link that is there first. */
import { asFault, Fault } from "#proto/errors.ts";
import type { Clock, Dialer, DialTarget, Link, Transport } from "#proto/ports.ts";
import { Bell } from "./bell.ts";
import { DialRace } from "./dial_race.ts";
import { type DialPlan, TransportMemory } from "./transport_memory.ts";

/** What {@link racingDialer} works with. */
export interface RacingDialerParts {
  readonly dialers: Readonly<Record<"quic" | "tcp", Dialer>>;
  readonly clock: Clock;
  /** Names the network that the vehicle is in. */
  readonly network: () => string;
}

/** A dialer that remembers which transport reached each relay from which network. */
export function racingDialer(parts: RacingDialerParts): Dialer {
  const memory = new TransportMemory();
  return {
    dial: async (target, signal) => {
      const way = { network: parts.network(), target };
      const plan = memory.plan(way, parts.clock.uptimeMs());
      const link = await new Runners(target, parts).run(plan, signal);
      memory.handleWon(way, { transport: link.transport, nowMs: parts.clock.uptimeMs() });
      return link;
    },
  };
}

/** The attempts of one race. */
class Runners {
  readonly #target: DialTarget;
  readonly #parts: RacingDialerParts;
  readonly #bell: Bell;
  readonly #over = new AbortController();
  readonly #failures: string[] = [];
  #winner: Link | undefined;

  constructor(target: DialTarget, parts: RacingDialerParts) {
    this.#target = target;
    this.#parts = parts;
    this.#bell = new Bell(parts.clock);
  }

  /** Rejects with `link_dead` when nobody gets there, or the signal fires. */
  async run(plan: DialPlan, signal: AbortSignal): Promise<Link> {
    const abort = () => this.#bell.ring();
    signal.addEventListener("abort", abort, { once: true });
    try {
      return await this.#race(plan, signal);
    } finally {
      signal.removeEventListener("abort", abort);
      this.#over.abort(new Fault("link_dead", "Cannot dial: another way was taken, or none"));
    }
  }

  async #race(plan: DialPlan, signal: AbortSignal): Promise<Link> {
    const { clock } = this.#parts;
    const race = new DialRace(plan, clock.uptimeMs());
    while (!signal.aborted) {
      if (this.#winner !== undefined) return this.#winner;
      const step = race.poll(clock.uptimeMs());
      if (step.kind === "lost") break;
      if (step.kind === "dial") void this.#start(step.transport, race);
      else await this.#bell.wait(step.untilMs);
    }
    if (this.#winner !== undefined) this.#winner.close({ code: 0, reason: "" });
    const reasons = this.#failures.length === 0 ? `Cannot dial "${this.#target.node}": no answer` : "";
    throw new Fault("link_dead", reasons + this.#failures.join("; "), { cause: signal.reason });
  }

  async #start(transport: Transport, race: DialRace): Promise<void> {
    const { dialers, clock } = this.#parts;
    try {
      const link = await dialers[transport === "tcp" ? "tcp" : "quic"].dial(this.#target, this.#over.signal);
      if (this.#winner !== undefined || this.#over.signal.aborted) link.close({ code: 0, reason: "" });
      else this.#winner = link;
    } catch (thrown) {
      this.#failures.push(asFault(thrown, "link_dead").message);
      race.handleFailed(clock.uptimeMs());
    }
    this.#bell.ring();
  }
}
