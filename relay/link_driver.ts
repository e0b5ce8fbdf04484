/**
 * One link from its first byte to its last: the door, the login, then the session on all lanes.
 *
 *     accepted -- door full, or another takes its place --> closed (busy)
 *        | Hello: waits for its turn
 *        | login
 *        |--- refused, too late, draining --> Refuse, closed
 *        | accepted: Welcome, all lanes are read
 *     session --- vehicle's fault, superseded, silence, drain --> Goodbye, closed
 *        `------- goodbye, network --> closed
 */
import { addressOf } from "#proto/base/address.ts";
import type { Lane } from "#proto/class.ts";
import { asFault, type Code, Fault } from "#proto/errors.ts";
import { FrameDecoder, frameKinds, type LinkFrame } from "#proto/frame.ts";
import { type VehicleId, vehicleIdPattern } from "#proto/ids.ts";
import { instantOf } from "#proto/instant.ts";
import { readFrames } from "#proto/lane_reader.ts";
import { closeOf, codeOfEnd } from "#proto/link_end.ts";
import { encodeMessage } from "#proto/link_message.ts";
import { batchBytesMax, heartbeatIntervalMs, linkFrameBytesMax, linkFrameBytesMaxBeforeLogin } from "#proto/limits.ts";
import type { Link, LinkEnd } from "#proto/ports.ts";
import { type AcceptedLogin, RelayLogin, type RelayLoginRefusal, type RelayLoginStep } from "#proto/relay_login.ts";
import { sessionIdBytes, sessionIdOf } from "#proto/session_id.ts";
import { type NodeIdentity, sealSession } from "#proto/session_proof.ts";
import type { Admission, Admitted } from "./admission.ts";
import { backfillWindowBytes, liveWindowBytes } from "./limits.ts";
import { LiveSession } from "./live_session.ts";
import type { LoginRates } from "./login_rates.ts";
import type { LoginTurns } from "./login_turns.ts";
import type { Node } from "./node.ts";
import { announceEnd, announceLogin, announceRefused } from "./presence.ts";
import type { Refusals } from "./refusals.ts";
import { redirectOfHello } from "./redirects.ts";
import type { Registry } from "./registry.ts";
import type { SessionFacts } from "./session.ts";
import { rankOf, type TakeoverDesk } from "./takeover_desk.ts";

/** What the links of a shard share. */
export interface LinkHouse {
  readonly node: Node;
  readonly admission: Admission;
  readonly turns: LoginTurns;
  readonly rates: LoginRates;
  readonly refusals: Refusals;
  readonly registry: Registry<LiveSession>;
  readonly takeovers: TakeoverDesk;
}

/** Serves a link until it has ended. Never rejects for what the peer does. */
export async function serveLink(link: Link, house: LinkHouse): Promise<void> {
  let onDisplaced = () => {};
  const newcomer = { peer: link.peer, onDisplaced: () => onDisplaced() };
  const admitted = house.admission.admit(newcomer, house.node.clock.uptimeMs());
  if (typeof admitted === "string") {
    house.node.counters.turnedAway[admitted] += 1;
    link.close(closeOf("busy"));
    return;
  }
  try {
    const driver = new LinkDriver(link, { house, admitted });
    onDisplaced = () => driver.giveWay();
    await driver.run();
  } finally {
    admitted.left();
  }
}

class LinkDriver {
  readonly #link: Link;
  readonly #house: LinkHouse;
  readonly #node: Node;
  readonly #admitted: Admitted;
  readonly #login: RelayLogin;
  /** Of this link: the node's may be renewed while the vehicle logs in. */
  readonly #identity: NodeIdentity;
  readonly #decoder = new FrameDecoder(linkFrameBytesMaxBeforeLogin);
  #live: LiveSession | undefined;
  readonly #loginIsOver = new AbortController();

  constructor(link: Link, options: { house: LinkHouse; admitted: Admitted }) {
    this.#link = link;
    this.#house = options.house;
    this.#node = options.house.node;
    this.#admitted = options.admitted;
    const { clock, random, node, identity, checkChain } = this.#node;
    this.#identity = identity();
    const [nonce, tlsCertificateSha256] = [random.bytes(32), this.#identity.sha256];
    this.#login = new RelayLogin({ node, tlsCertificateSha256, nonce, checkChain }, instantOf(clock));
  }

  /** Another link gets this one's place at the door. */
  giveWay(): void {
    this.#loginIsOver.abort();
    this.#node.counters.turnedAway.displaced += 1;
    this.#link.close(closeOf("busy"));
  }

  async run(): Promise<void> {
    const working = [this.#watchLogin(), ...this.#readOtherLanes()];
    try {
      await readFrames(this.#link, "control", {
        decoder: this.#decoder,
        handleFrame: (frame) => this.#handleFrame(frame),
        handleBytes: (count) => this.#live?.handleBytes("control", count),
      });
      // The vehicle closed its control lane: nothing can be said to it any more.
      this.#link.close(closeOf());
    } catch (thrown) {
      this.#handleFault(thrown);
    }
    const end = await this.#link.ended;
    this.#loginIsOver.abort();
    if (this.#live !== undefined) this.#leave(this.#live, end);
    await Promise.all(working);
  }

  /** Refuses a login that is not over by its deadline: for the vehicle's slowness, or for that of who judges it. */
  async #watchLogin(): Promise<void> {
    const { clock } = this.#node;
    const deadline = () => {
      const waitMs = Math.max(0, this.#login.deadlineMs - clock.uptimeMs());
      return clock.after(waitMs, this.#loginIsOver.signal).then(() => true, () => false);
    };
    while (await deadline()) {
      const now = instantOf(clock);
      const refusal = this.#login.poll(now);
      if (refusal !== undefined) this.#refuse(refusal);
      else if (now.uptimeMs >= this.#login.deadlineMs) this.#refuseFor("revocation_unknown", "Nobody answered in time");
    }
  }

  #handleFrame(frame: LinkFrame): void | Promise<void> {
    if (this.#live !== undefined) return this.#live.handleControl(frame);
    // Refused already: what still comes is not looked at.
    if (this.#loginIsOver.signal.aborted) return;
    if (frame.kind === frameKinds.hello) return this.#handleHello(frame);
    return this.#handleStep(this.#login.handleFrame(frame, instantOf(this.#node.clock)));
  }

  /** What costs the shard something begins with Hello: a link that is silent takes nobody's turn. */
  async #handleHello(frame: LinkFrame): Promise<void> {
    const isTurn = await this.#house.turns.take(addressOf(this.#link.peer), this.#loginIsOver.signal);
    if (this.#loginIsOver.signal.aborted) return;
    if (!isTurn) return this.#refuseFor("busy", "Too many log in at once");
    if (this.#node.isSharedName) return this.#sendOn(frame);
    const step = this.#login.handleFrame(frame, instantOf(this.#node.clock));
    // What is known of it already is said before anybody has to sign; behind Proof it is asked for.
    const shown = step.kind === "send" ? this.#login.certificate : undefined;
    const reason = shown && this.#node.revocation.reasonAgainstSession(shown);
    if (reason !== undefined) return this.#refuseFor(reason.code, reason.detail);
    await this.#handleStep(step);
  }

  /** A shared name logs nobody in, and looks at no more of Hello than it needs. */
  #sendOn(frame: LinkFrame): void {
    const redirect = redirectOfHello(frame.payload, this.#node);
    if (redirect === undefined) return this.#refuseFor("not_ready", "No node takes vehicles at present");
    this.#loginIsOver.abort();
    this.#link.write("control", redirect).catch(() => undefined);
    this.#link.close(closeOf());
  }

  #handleStep(step: RelayLoginStep): void | Promise<void> {
    if (step.kind === "send") return this.#link.write("control", step.bytes);
    if (step.kind === "refuse") return this.#refuse(step);
    return this.#accept(step.login);
  }

  async #accept(login: AcceptedLogin): Promise<void> {
    const retryAfterMs = this.#house.rates.handleLogin(login.vehicle, this.#node.clock.uptimeMs());
    if (retryAfterMs > 0) {
      return this.#refuse(this.#login.refuse({ code: "busy", detail: "This vehicle logs in too often", retryAfterMs }));
    }
    const reason = await this.#node.revocation.reasonAgainstLogin(login);
    if (this.#loginIsOver.signal.aborted) return;
    if (reason !== undefined) return this.#refuseFor(reason.code, reason.detail);
    if (this.#node.leaving.aborted) return this.#refuseFor("draining", "The node is being drained");
    const live = new LiveSession(this.#factsOf(login), { node: this.#node, link: this.#link });
    const { superseded, order } = this.#house.registry.enter(live);
    if (superseded === live) return this.#refuseFor("superseded", "A newer session of this vehicle is here already");
    this.#welcome(live, login);
    if (superseded === undefined) return;
    const where = `this node, from ${this.#link.peer}`;
    this.#house.takeovers.retire(superseded, { order, successor: { session: live.session.id, where } });
  }

  #welcome(live: LiveSession, login: AcceptedLogin): void {
    const { clock, relay, readiness } = this.#node;
    this.#live = live;
    this.#loginIsOver.abort();
    this.#admitted.loggedIn();
    this.#node.counters.logins += 1;
    this.#decoder.bytesMax = linkFrameBytesMax;
    live.prove(this.#proofOf(live, login));
    announceLogin(this.#node, live.session);
    this.#node.log.info("Vehicle logged in", {
      vehicle: live.vehicle,
      peer: live.session.peer,
      transport: live.transport,
    });
    live.say(encodeMessage("welcome", {
      session: live.session.id,
      liveWindowBytes,
      backfillWindowBytes,
      batchBytesMax,
      relayTimeNs: clock.wallNs(),
      heartbeatIntervalMs,
      ready: readiness.reasonAgainst(clock.uptimeMs()) === undefined,
      relay,
    }));
  }

  #proofOf({ session: { vehicle, id: session } }: LiveSession, { transcript }: AcceptedLogin): Uint8Array {
    const { relay, shard } = this.#node;
    return sealSession(vehicle, { carried: { relay, shard, session }, transcript, node: this.#identity });
  }

  /** Read from the first moment: what a stranger sends there before its login must not lie in the transport's memory. */
  #readOtherLanes(): Promise<void>[] {
    return [
      this.#readLane("live", (live, frame) => live.handleTelemetry("live", frame)),
      this.#readLane("backfill", (live, frame) => live.handleTelemetry("backfill", frame)),
      this.#readLane("command", (live, frame) => live.handleCommand(frame)),
    ];
  }

  async #readLane(
    lane: "live" | "backfill" | "command",
    handleFrame: (live: LiveSession, frame: LinkFrame) => void | Promise<void>,
  ): Promise<void> {
    const bytesMax = lane === "command" ? linkFrameBytesMaxBeforeLogin : linkFrameBytesMax;
    const { draining } = this.#node;
    try {
      await readFrames(this.#link, lane, {
        decoder: new FrameDecoder(bytesMax),
        // A node that drains stops reading here: the lane waits until the link has ended.
        handleFrame: (frame) => draining.aborted ? this.#untilEnd() : handleFrame(this.#liveFor(lane), frame),
        handleBytes: (count) => this.#liveFor(lane).handleBytes(lane, count),
      });
    } catch (thrown) {
      this.#handleFault(thrown);
    }
  }

  #liveFor(lane: Lane): LiveSession {
    if (this.#live !== undefined) return this.#live;
    throw new Fault("unexpected_frame", `Cannot take bytes on lane "${lane}": nobody has logged in yet`);
  }

  async #untilEnd(): Promise<void> {
    await this.#link.ended;
  }

  /** What a lane threw: the vehicle's fault, or merely the consequence of a link that has ended. */
  #handleFault(thrown: unknown): void {
    const live = this.#live;
    const isOver = live === undefined ? this.#loginIsOver.signal.aborted : live.over.aborted;
    const fault = asFault(thrown);
    if (isOver || fault.code === "link_dead") return this.#link.close(closeOf(fault.code));
    if (fault.code === "internal") {
      this.#node.log.error("A link failed", { peer: this.#link.peer, reason: String(fault.cause ?? fault) });
    }
    if (live === undefined) return this.#refuseFor(fault.code, fault.message);
    this.#node.counters.faults += 1;
    live.finish({ code: fault.code, detail: fault.message });
  }

  #refuseFor(code: Code, detail: string): void {
    this.#refuse(this.#login.refuse({ code, detail }));
  }

  #refuse({ code, detail, claimed, bytes }: RelayLoginRefusal): void {
    this.#loginIsOver.abort();
    const { clock, log } = this.#node;
    const refused = { claimed: vehicleIdPattern.test(claimed) ? claimed as VehicleId : undefined, code, detail };
    if (this.#house.refusals.handleRefused(refused, clock.uptimeMs()) === "publish") {
      announceRefused(this.#node, refused);
      log.warn("Login refused", { claimed, code, detail, peer: this.#link.peer });
    }
    // The close follows what was written; when that cannot be written any more, the link has ended already.
    this.#link.write("control", bytes).catch(() => this.#link.close(closeOf(code)));
    this.#link.close(closeOf(code));
  }

  #leave(live: LiveSession, linkEnd: LinkEnd): void {
    const end = live.end ?? { code: codeOfEnd(linkEnd), detail: linkEnd.reason };
    live.close(end);
    this.#house.registry.leave(live);
    announceEnd(this.#node, { session: live.session, end });
    this.#node.log.info("Session ended", { vehicle: live.vehicle, code: end.code, detail: end.detail });
  }

  #factsOf({ vehicle, hello, challenge, fields, notAfterMs, issuer, serial }: AcceptedLogin): SessionFacts {
    const secret = this.#node.random.bytes(sessionIdBytes);
    return {
      vehicle,
      ...rankOf({ hello, fields }),
      challengedAtNs: challenge.relayTimeNs,
      secret,
      id: sessionIdOf(secret),
      notAfterMs,
      certificate: { issuer, serial },
      agentVersion: hello.agentVersion,
      peer: this.#link.peer,
    };
  }
}
