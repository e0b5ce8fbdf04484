/**
 * Keeps one link to a relay: dials, logs in, runs the session, moves to another link, waits and tries again.
 *
 *     connecting -- Welcome --> linked -- end --> waiting -- time --> connecting
 *     connecting -- refused, no answer --> waiting          connecting -- Redirect --> connecting (another node)
 *     linked -- a move is due --> linked and connecting -- Welcome --> linked
 *     any -- stop --> stopped
 *
 * When and how a link that works is left is decided in link_move.ts: the old one serves until the new one is welcome.
 * Source: protocol.md sections 3 and 4.
 */
import type { Code } from "#proto/errors.ts";
import { type Redirect, RedirectReason } from "#proto/gen/systemscale/link/v1/login_pb.ts";
import { instantOf } from "#proto/instant.ts";
import type { DialTarget } from "#proto/ports.ts";
import { linkLookMs, moveIntervalMs, moveJitterMs, redirectsInRowMax, retireMs } from "../limits.ts";
import { BackOff, refusalDelayMs } from "./back_off.ts";
import { Bell } from "./bell.ts";
import { connect, type Connected, type ConnectParts, type Identity, type Refused } from "./connect.ts";
import { LinkMove, type MoveReason } from "./link_move.ts";
import type { LinkSession, Move, SessionEnd } from "./link_session.ts";
import { Packer } from "./packer.ts";
import { QuicReturn } from "./quic_return.ts";
import { RelayTargets, type RelayTargetsOptions } from "./relay_targets.ts";
import { ShapesInUse } from "./shape_uses.ts";
import type { LinkState, LinkStatus } from "./status.ts";

/** What {@link Uplink} is made of. */
export interface UplinkParts extends Omit<ConnectParts, "mayLeave" | "onMove" | "packer" | "shapesInUse"> {
  readonly targets: RelayTargetsOptions;
  /** Who the vehicle is at present: another object once its certificate was renewed. */
  readonly identity: () => Identity;
}

/** What an agent gives to its uplink; where and how it dials is for whoever makes it. */
export type UplinkNeeds = Omit<UplinkParts, "dialer" | "targets">;

/** A session with the promise of its end, and who logged in. */
interface Serving {
  readonly session: LinkSession;
  readonly over: Promise<SessionEnd>;
  readonly identity: Identity;
}

/** The uplink of one agent. */
export class Uplink {
  readonly #parts: ConnectParts & Pick<UplinkParts, "identity">;
  readonly #targets: RelayTargets;
  readonly #backOff = new BackOff();
  readonly #move = new LinkMove();
  readonly #return = new QuicReturn();
  /** Rung when {@link run} has something to look at. */
  readonly #bell: Bell;
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
    this.#bell = new Bell(parts.clock);
    this.#parts = {
      ...parts,
      onAck: (kind) => {
        parts.onAck(kind);
        // The moment that a move waits for may have come.
        if (this.#move.isPending) this.#bell.ring();
      },
      onMove: (from, move) => this.#handleMove(from, move),
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
      transport: isLinked ? session.transport : undefined,
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

  /** The vehicle has another identity: the next login uses it, and a link that serves is left for it. */
  handleIdentity(): void {
    this.#bell.ring();
  }

  /** Links until {@link stop}. Never rejects for a fault of the world. */
  async run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const { target, notBeforeMs } = this.#targets.next(instantOf(this.#parts.clock));
      await this.#wait(notBeforeMs - this.#parts.clock.uptimeMs());
      const identity = this.#parts.identity();
      const manner = mannerOf(this.#move.dialling);
      const connected = await this.#connect({ ...target, manner }, identity);
      if (connected.kind === "linked") await this.#adopt(connected, identity);
      else if (connected.kind === "redirect" && this.#follows(connected.redirect, target)) continue;
      // That QUIC does not get through says nothing of the relay.
      else if (manner === "best_only" && this.#serving !== undefined) this.#goOn();
      else await this.#wait(this.#delayAfter(connected, target));
      await this.#serve();
    }
    await Promise.all(this.#retiring);
    this.#state = "stopped";
  }

  /** Ends dialling and link; {@link run} resolves soon after. */
  async stop(): Promise<void> {
    this.#stop.abort();
    this.#bell.ring();
    await this.#serving?.session.close({ code: undefined, detail: "agent stops" });
  }

  #connect(target: DialTarget, identity: Identity): Promise<Connected> {
    this.#state = "connecting";
    this.#node = target.node;
    this.#attempts += 1;
    const attempt = { target, identity, number: this.#attempts, signal: this.#stop.signal };
    return connect(this.#parts, { ...attempt, beforeProof: () => this.#hush() });
  }

  /** The old link falls silent for the new one. */
  async #hush(): Promise<void> {
    const { clock, outbox } = this.#parts;
    if (this.#serving === undefined || !this.#move.handleChallenged(clock.uptimeMs())) return;
    outbox.hush();
    const poll = () => this.#move.pollHush({ nowMs: clock.uptimeMs(), inFlight: outbox.inFlight });
    for (let step = poll(); step.kind === "wait" && !this.#stop.signal.aborted; step = poll()) {
      await this.#bell.wait(step.untilMs);
    }
  }

  /** The new session serves from now on, and the old one retires; unless the new one is worse. */
  async #adopt({ session, reading }: Extract<Connected, { kind: "linked" }>, identity: Identity): Promise<void> {
    const old = this.#serving;
    const isWorse = old !== undefined && !old.session.isOver && !this.#move.takes(session);
    if (isWorse || this.#stop.signal.aborted) {
      this.#goOn();
      return await session.discard(reading);
    }
    this.#redirects = 0;
    this.#targets.handleLinked();
    if (this.#move.dialling === "silent") old?.session.abandon("nothing came back, and another link serves");
    this.#move.handleLinked();
    this.#return.handleLinked(session.transport, this.#drawn());
    // One sender per lane at a time: the outbox is one.
    await old?.session.stopSending();
    const over = session.run(reading);
    this.#serving = { session, over, identity };
    void over.then(() => this.#bell.ring());
    const { relay, ready } = session.welcome;
    this.#parts.log.info("Linked", { node: session.target.node, relay, ready, transport: session.transport });
    if (old !== undefined) this.#retire(old);
    // A stop that came while this session was taken up did not see it.
    if (this.#stop.signal.aborted) await this.stop();
  }

  /** The old link goes on, for the new one came to nothing. */
  #goOn(): void {
    if (this.#move.dialling === "fallback") this.#return.handleVain(this.#drawn());
    this.#move.handleVain(this.#parts.clock.uptimeMs());
    this.#resume();
  }

  #resume(): void {
    this.#parts.outbox.resume();
    this.#serving?.session.wakeSenders();
  }

  #retire(old: Serving): void {
    const retired = this.#retireNow(old).finally(() => this.#retiring.delete(retired));
    this.#retiring.add(retired);
  }

  /** Listens on for a moment: what is received now need not be sent again. */
  async #retireNow({ session, over }: Serving): Promise<void> {
    await Promise.race([over, this.#pause(retireMs)]);
    await session.close({ code: undefined, detail: "moved to another link" });
    await over;
  }

  /** Serves until there is need to connect: the session is over, or is to be left for another link. */
  async #serve(): Promise<void> {
    for (let serving = this.#serving; serving !== undefined; serving = this.#serving) {
      if (this.#stop.signal.aborted || serving.session.isOver) return await this.#handleOver(serving);
      const step = this.#pollMove(serving);
      if (step.kind === "dial") return;
      if (step.kind === "leave") await serving.session.close({ code: undefined, detail: "relay starts anew" });
      else {
        const lookMs = this.#parts.clock.uptimeMs() + linkLookMs;
        await this.#bell.wait(Math.min(step.untilMs, this.#return.dueMs, lookMs));
      }
    }
  }

  #pollMove({ identity }: Serving) {
    const { clock, outbox } = this.#parts;
    const nowMs = clock.uptimeMs();
    if (identity !== this.#parts.identity()) this.#move.handleReason("renewed", { nowMs, jitterMs: 0 });
    if (nowMs >= this.#return.dueMs) this.#move.handleReason("fallback", { nowMs, jitterMs: 0 });
    // What is on its way is asked for when it matters: counting it goes through the whole outbox.
    const isQuiet = this.#move.isPending && outbox.inFlight === 0 && outbox.backlog.records === 0;
    return this.#move.poll({ nowMs, isQuiet });
  }

  async #handleOver({ session, over }: Serving): Promise<void> {
    const { code, detail } = await over;
    this.#serving = undefined;
    this.#move.handleLinked();
    this.#note(code, detail);
    this.#parts.log.info("Link ended", { node: session.target.node, code: code ?? "none", detail });
    this.#backOff.handleLinked(this.#parts.clock.uptimeMs() - session.linkedAtMs);
    await this.#wait(this.#backOff.next(this.#parts.random.fraction()));
  }

  #handleMove(from: LinkSession, move: Move): void {
    if (from !== this.#serving?.session) return;
    const reason = this.#reasonOf(move, from.target);
    if (reason === undefined) return;
    const { clock, random } = this.#parts;
    // Whoever fell silent is not one of a fleet that moves together.
    const jitterMs = reason === "silent" ? 0 : random.fraction() * moveJitterMs;
    this.#move.handleReason(reason, { nowMs: clock.uptimeMs(), jitterMs });
    this.#bell.ring();
  }

  /** Also aims at where it leads; undefined when that is nowhere. */
  #reasonOf(move: Move, { node, port, ...target }: DialTarget): MoveReason | undefined {
    if (move.kind === "silent") return "silent";
    const now = instantOf(this.#parts.clock);
    if (move.kind === "not_ready") {
      this.#leftAtMs = now.uptimeMs;
      this.#targets.handleFailed();
      return "not_ready";
    }
    const { redirect } = move;
    // It drains and knows no other node: the configuration may.
    if (redirect.node === "" && redirect.reason === RedirectReason.DRAIN) {
      if (!this.#targets.hasOthers) return undefined;
      this.#targets.handleFailed();
      return "drained";
    }
    if (redirect.node === node && redirect.port === port) return "restart";
    if (!this.#targets.handleRedirect(redirect, { node, port, ...target }, now)) {
      this.#parts.log.warn("Redirect leads where this vehicle may not go", { node: redirect.node });
      return undefined;
    }
    return redirect.reason === RedirectReason.DRAIN ? "drained" : "redirected";
  }

  /** Whether the relay's word at the login leads on at once, a link that serves or not. */
  #follows(redirect: Redirect, from: DialTarget): boolean {
    const mayFollow = this.#redirects++ < redirectsInRowMax;
    if (!mayFollow || !this.#targets.handleRedirect(redirect, from, instantOf(this.#parts.clock))) return false;
    this.#resume();
    return true;
  }

  /** What a vain attempt means for the next one: milliseconds to wait. */
  #delayAfter(connected: Exclude<Connected, { kind: "linked" }>, target: DialTarget): number {
    const { random, log } = this.#parts;
    this.#goOn();
    if (connected.kind === "redirect") {
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

  #drawn(): { nowMs: number; fraction: number } {
    return { nowMs: this.#parts.clock.uptimeMs(), fraction: this.#parts.random.fraction() };
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

/** How another link is dialled because of that. */
function mannerOf(reason: MoveReason | undefined): DialTarget["manner"] {
  if (reason === "fallback") return "best_only";
  return reason === "silent" ? "hasty" : undefined;
}
