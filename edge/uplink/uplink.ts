/**
 * Keeps one link to a relay: dials, logs in, runs the session, moves to another node, waits and tries again.
 *
 *     connecting -- Welcome --> linked -- end --> waiting -- time --> connecting
 *     connecting -- refused, no answer --> waiting          connecting -- Redirect --> connecting (another node)
 *     linked -- Redirect to another node, relay not ready --> linked and connecting -- Welcome --> linked
 *     linked -- Redirect to the same node --> waiting
 *     any -- stop --> stopped
 *
 * Moving is make-before-break: the old link serves until the new one is welcome. Source: protocol.md sections 3 and 4.
 */
import type { Code } from "#proto/errors.ts";
import { instantOf } from "#proto/instant.ts";
import type { DialTarget } from "#proto/ports.ts";
import { moveIntervalMs, moveJitterMs, redirectsInRowMax, retireMs } from "../limits.ts";
import { BackOff, refusalDelayMs } from "./back_off.ts";
import { connect, type Connected, type ConnectParts, type Refused } from "./connect.ts";
import type { LinkSession, Move, SessionEnd } from "./link_session.ts";
import { Packer } from "./packer.ts";
import { RelayTargets, type RelayTargetsOptions } from "./relay_targets.ts";
import { ShapesInUse } from "./shape_uses.ts";
import type { LinkState, LinkStatus } from "./status.ts";

/** What {@link Uplink} is made of. */
export interface UplinkParts extends Omit<ConnectParts, "mayLeave" | "packer" | "shapesInUse"> {
  readonly targets: RelayTargetsOptions;
}

/** What an agent gives to its uplink; where and how it dials is for whoever makes it. */
export type UplinkNeeds = Omit<UplinkParts, "dialer" | "targets">;

/** A session with the promise of its end. */
interface Serving {
  readonly session: LinkSession;
  readonly over: Promise<SessionEnd>;
}

/** The uplink of one agent. */
export class Uplink {
  readonly #parts: ConnectParts;
  readonly #targets: RelayTargets;
  readonly #backOff = new BackOff();
  readonly #stop = new AbortController();
  /** Links that were left and still listen for what was received. */
  readonly #retiring = new Set<Promise<void>>();
  #attempts = 0;
  #redirects = 0;
  #leftAtMs = -Infinity;
  #serving: Serving | undefined;
  #state: LinkState = "connecting";
  #node: string | undefined;
  #reason: Code | undefined;
  #detail = "";

  constructor(parts: UplinkParts) {
    this.#targets = new RelayTargets(parts.targets);
    this.#parts = {
      ...parts,
      packer: new Packer(parts.ring),
      shapesInUse: new ShapesInUse(),
      mayLeave: () => this.#mayLeave(),
    };
  }

  get status(): LinkStatus {
    const session = this.#serving?.session;
    const isLinked = session !== undefined && !session.isOver;
    return {
      state: isLinked ? "linked" : this.#state,
      reason: isLinked ? undefined : this.#reason,
      detail: isLinked ? "" : this.#detail,
      node: isLinked ? session.target.node : this.#node,
      relay: isLinked ? session.welcome.relay : undefined,
      ready: isLinked ? session.isReady : undefined,
      rttMs: isLinked ? session.rttMs : undefined,
      clockOffsetNs: isLinked ? session.clockOffsetNs : undefined,
      linkedAtMs: isLinked ? session.linkedAtMs : undefined,
    };
  }

  /** New records are in the outbox. */
  handleAppended(): void {
    this.#serving?.session.handleAppended();
  }

  /** A new epoch is open. */
  handleEpoch(): void {
    this.#serving?.session.handleEpoch();
  }

  /** Links until {@link stop}. Never rejects for a fault of the world. */
  async run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const { target, notBeforeMs } = this.#targets.next(instantOf(this.#parts.clock));
      await this.#wait(notBeforeMs - this.#parts.clock.uptimeMs());
      const connected = await this.#connect(target);
      if (connected.kind === "linked") await this.#adopt(connected);
      else await this.#wait(this.#delayAfter(connected, target));
      await this.#serve();
    }
    await Promise.all(this.#retiring);
    this.#state = "stopped";
  }

  /** Ends dialling and link; {@link run} resolves soon after. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#serving?.session.close({ code: undefined, detail: "agent stops" });
  }

  #connect(target: DialTarget): Promise<Connected> {
    this.#state = "connecting";
    this.#node = target.node;
    this.#attempts += 1;
    return connect(this.#parts, { target, number: this.#attempts, signal: this.#stop.signal });
  }

  /** The new session serves from now on, and the old one retires; unless the new one is worse. */
  async #adopt({ session, reading }: Extract<Connected, { kind: "linked" }>): Promise<void> {
    const old = this.#serving;
    const isWorse = old !== undefined && !old.session.isOver && !session.isReady;
    if (isWorse || this.#stop.signal.aborted) return await session.discard(reading);
    this.#redirects = 0;
    this.#targets.handleLinked();
    // One sender per lane at a time: the outbox is one.
    await old?.session.stopSending();
    this.#serving = { session, over: session.run(reading) };
    const { relay, ready } = session.welcome;
    this.#parts.log.info("Linked", { node: session.target.node, relay, ready });
    if (old !== undefined) this.#retire(old);
  }

  #retire(old: Serving): void {
    const retired = this.#retireNow(old).finally(() => this.#retiring.delete(retired));
    this.#retiring.add(retired);
  }

  /** Listens on for a moment: what is received now need not be sent again. */
  async #retireNow({ session, over }: Serving): Promise<void> {
    await Promise.race([over, this.#pause(retireMs)]);
    await session.close({ code: undefined, detail: "moved to another node" });
    await over;
  }

  /** Serves until there is need to connect: the session is over, or is to be left for another node. */
  async #serve(): Promise<void> {
    for (let serving = this.#serving; serving !== undefined; serving = this.#serving) {
      // A stop that came while this session was taken up did not see it.
      if (this.#stop.signal.aborted) await this.stop();
      const move = await Promise.race([serving.session.moved, serving.over.then(() => undefined)]);
      if (move === undefined) return await this.#handleOver(serving);
      if (await this.#prepareMove(serving, move)) return;
    }
  }

  async #handleOver({ session, over }: Serving): Promise<void> {
    const { code, detail } = await over;
    this.#serving = undefined;
    this.#note(code, detail);
    this.#parts.log.info("Link ended", { node: session.target.node, code: code ?? "none", detail });
    this.#backOff.handleLinked(this.#parts.clock.uptimeMs() - session.linkedAtMs);
    await this.#wait(this.#backOff.next(this.#parts.random.fraction()));
  }

  /** Whether another node is to be dialled now. */
  async #prepareMove(serving: Serving, move: Move): Promise<boolean> {
    const { session, over } = serving;
    const jitterMs = this.#parts.random.fraction() * moveJitterMs;
    const { node, port } = session.target;
    if (move.kind === "not_ready") {
      this.#leftAtMs = this.#parts.clock.uptimeMs();
      this.#targets.handleFailed();
    } else if (move.redirect.node === node && move.redirect.port === port) {
      await Promise.race([over, this.#pause(jitterMs)]);
      await session.close({ code: undefined, detail: "relay starts anew" });
      return false;
    } else if (!this.#targets.handleRedirect(move.redirect, session.target, instantOf(this.#parts.clock))) {
      this.#parts.log.warn("Redirect leads where this vehicle may not go", { node: move.redirect.node });
      return false;
    }
    await Promise.race([over, this.#pause(jitterMs)]);
    return true;
  }

  /** What a vain attempt means for the next one: milliseconds to wait. */
  #delayAfter(connected: Exclude<Connected, { kind: "linked" }>, target: DialTarget): number {
    const { clock, random, log } = this.#parts;
    if (connected.kind === "redirect") {
      const mayFollow = this.#redirects++ < redirectsInRowMax;
      if (mayFollow && this.#targets.handleRedirect(connected.redirect, target, instantOf(clock))) return 0;
      this.#targets.handleFailed();
      this.#note("wrong_node", `Cannot follow redirect to "${connected.redirect.node}"`);
    } else {
      this.#targets.handleFailed(this.#notBefore(connected));
      this.#note(connected.code, connected.detail);
    }
    this.#redirects = 0;
    log.warn("Cannot link", { node: target.node, code: this.#reason, detail: this.#detail });
    // A session that still serves is the better place to wait.
    return this.#serving === undefined ? this.#backOff.next(random.fraction()) : 0;
  }

  /** Uptime before which a relay that refused is left alone. */
  #notBefore({ by, retryAfterMs }: Refused): number {
    if (by === "network" || (by === "vehicle" && retryAfterMs === 0)) return -Infinity;
    return this.#parts.clock.uptimeMs() + refusalDelayMs(retryAfterMs, this.#parts.random.fraction());
  }

  #mayLeave(): boolean {
    return this.#targets.hasOthers && this.#parts.clock.uptimeMs() - this.#leftAtMs >= moveIntervalMs;
  }

  #note(code: Code | undefined, detail: string): void {
    this.#state = "waiting";
    this.#reason = code;
    this.#detail = detail;
  }

  async #wait(delayMs: number): Promise<void> {
    if (delayMs > 0) await this.#pause(delayMs);
  }

  /** Resolves after that time, or when the agent stops. */
  async #pause(delayMs: number): Promise<void> {
    await this.#parts.clock.after(delayMs, this.#stop.signal).catch(() => undefined);
  }
}
