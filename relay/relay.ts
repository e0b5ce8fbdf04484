/**
 * One shard as a whole, over ports: links come in, telemetry goes out, verdicts find their sessions, slow work is
 * looked after, and at the end everyone is told to move on.
 */
import type { CertificateCheck } from "#proto/base/certificate.ts";
import { daysLeft } from "#proto/base/expiry_warnings.ts";
import type { RelayName, VehicleId } from "#proto/ids.ts";
import { instantOf } from "#proto/instant.ts";
import { certificateWarningDays } from "#proto/limits.ts";
import type { Clock, Link, Listener, Log, Random, Transport } from "#proto/ports.ts";
import type { NodeIdentity } from "#proto/session_proof.ts";
import { settledWithin } from "#proto/within.ts";
import { Admission, type AdmissionLimits } from "./admission.ts";
import { newCounters } from "./counters.ts";
import {
  digestIntervalMs,
  drainMs,
  lastWordsMs,
  leaveMs,
  loginsBurst,
  loginsOfVehicleBurst,
  nodeStateIntervalMs,
  passedIntervalMs,
  probeIntervalMs,
  reclaimIntervalMs,
  reclaimLinksMin,
  repeatTickMs,
  sessionTickMs,
} from "./limits.ts";
import { type LinkHouse, serveLink } from "./link_driver.ts";
import type { LiveSession } from "./live_session.ts";
import { LoginRates } from "./login_rates.ts";
import { LoginTurns } from "./login_turns.ts";
import type { RelayFacts } from "./metrics.ts";
import type { Node } from "./node.ts";
import { NodeBoard } from "./node_board.ts";
import { OwnerDesk } from "./owner_desk.ts";
import type { Backbone, BackboneEars } from "./ports.ts";
import { announceDigest, announceNode } from "./presence.ts";
import { Readiness } from "./readiness.ts";
import { type RefusalEntry, Refusals } from "./refusals.ts";
import { handleNodeState, redirectOnDrain } from "./redirects.ts";
import { Registry } from "./registry.ts";
import type { Revocation } from "./revocation.ts";
import { ShapeShelf } from "./shape_shelf.ts";
import { Speakers } from "./speakers.ts";
import { TakeoverDesk } from "./takeover_desk.ts";
import { TelemetryPath } from "./telemetry_path.ts";
import { VerdictDesk } from "./verdict_desk.ts";

/** What a shard is made of. */
export interface RelayOptions {
  readonly relay: RelayName;
  readonly shard: number;
  /** Name and port that vehicles dial. */
  readonly node: string;
  readonly port: number;
  /** Whether it is a shared name, which only sends vehicles to nodes. */
  readonly isSharedName: boolean;
  /** The certificate that handshakes are shown at present, with its key; they may be renewed. */
  readonly identity: () => NodeIdentity;
  readonly checkChain: CertificateCheck;
  readonly revocation: Revocation;
  readonly limits: AdmissionLimits & {
    readonly loginsPerSecond: number;
    readonly loginsPerMinuteAndVehicle: number;
    readonly heldBytesMax: number;
  };
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly backbone: Backbone;
  /** Takes back the memory of what is gone. The runtime does by itself, but late: it does not see most of a link's memory. */
  readonly reclaim: () => void;
}

/** One shard. It works from construction until {@link Relay.drain} has returned. */
export class Relay {
  readonly #node: Node;
  readonly #house: LinkHouse;
  readonly #verdicts: VerdictDesk;
  readonly #owners: OwnerDesk;
  readonly #leaving = new AbortController();
  readonly #draining = new AbortController();
  readonly #stopped = new AbortController();
  readonly #links = new Set<Promise<void>>();
  readonly #linksMax: number;
  readonly #reclaim: () => void;
  /** Count of ended links when memory was last taken back. */
  #reclaimedAt = 0;

  constructor(options: RelayOptions) {
    this.#node = nodeOf(options, { leaving: this.#leaving.signal, draining: this.#draining.signal });
    this.#reclaim = options.reclaim;
    this.#linksMax = options.limits.linksMax;
    const registry = new Registry<LiveSession>();
    const { loginsPerSecond, loginsPerMinuteAndVehicle } = options.limits;
    this.#house = {
      node: this.#node,
      admission: new Admission(options.limits, options.clock.uptimeMs()),
      turns: new LoginTurns({ perSecond: loginsPerSecond, burst: loginsBurst }, options.clock),
      rates: new LoginRates({ perSecond: loginsPerMinuteAndVehicle / 60, burst: loginsOfVehicleBurst }),
      refusals: new Refusals(),
      registry,
      takeovers: new TakeoverDesk(this.#node, registry),
    };
    this.#verdicts = new VerdictDesk({ registry, log: options.log });
    this.#owners = new OwnerDesk(this.#node, registry);
    options.backbone.listen(this.#ears());
    this.#startSlowWork();
    void this.#node.revocation.run(() => this.#cutRevoked(), this.#stopped.signal);
  }

  /** Serves every link that the listener brings, until it is closed. */
  async serve(listener: Listener): Promise<void> {
    for await (const link of listener.accept()) this.#serve(link);
  }

  /** Whether an attempt to connect is worth its handshake: to refuse it before costs nothing. */
  mayShakeHands(): boolean {
    return this.#house.admission.mayShakeHands(this.#node.clock.uptimeMs());
  }

  /** Counts an attempt to connect that came to nothing. */
  handleFailedHandshake(): void {
    this.#node.counters.failedHandshakes += 1;
  }

  /** Why the node cannot hand telemetry on or takes no logins; undefined when it is ready. A shared name is with its nodes. */
  reasonAgainstReady(): string | undefined {
    const { board, clock, isSharedName } = this.#node;
    if (isSharedName) return board.readyNodes(clock.uptimeMs()) === 0 ? "no node takes vehicles" : undefined;
    return this.#reasonAgainstStaying() ?? this.#node.revocation.reasonAgainstReady();
  }

  /** What metrics show. */
  facts(): RelayFacts {
    const { counters, path, revocation, shelf } = this.#node;
    const { admission, refusals, registry, turns } = this.#house;
    return {
      counters,
      refused: refusals.totals(),
      revocation: revocation.facts(),
      isReady: this.reasonAgainstReady() === undefined,
      links: admission.links,
      halfOpen: admission.halfOpen,
      readyNodes: this.#node.board.readyNodes(this.#node.clock.uptimeMs()),
      loginsWaiting: turns.waiting,
      sessions: registry.size,
      sessionsByTransport: this.#sessionsByTransport(),
      certificatesEnding: this.#certificatesEnding(),
      heldBytes: path.heldBytes,
      unanswered: path.unanswered,
      shapeBytes: shelf.bytes,
    };
  }

  /** Refused logins by claimed vehicle and code, latest last. */
  refusals(): readonly RefusalEntry[] {
    return this.#house.refusals.entries();
  }

  /**
   * Sends every vehicle on and goes on serving until those that have another node to go to are gone, or took too long.
   * Then reading stops; what was read gets time to reach the log, the vehicles that are left hear what became of it, and
   * all links are closed.
   */
  async drain(): Promise<void> {
    const { clock, log, path } = this.#node;
    await settledWithin(this.#sendAllOn(), { clock, limitMs: leaveMs });
    this.#draining.abort();
    const sessions = [...this.#house.registry.all()];
    const isFlushed = await settledWithin(path.flush(), { clock, limitMs: drainMs });
    if (!isFlushed) log.warn("Drained with telemetry that the log has not confirmed", { bytes: path.heldBytes });
    for (const live of sessions) live.speak(clock.uptimeMs());
    for (const live of sessions) live.finish({ code: "draining", detail: "The node is being drained" });
    // Their ends are announced; links that never logged in end with the listener.
    await settledWithin(Promise.all(this.#links), { clock, limitMs: lastWordsMs });
    this.#stopped.abort();
  }

  /** Resolves when all that can be elsewhere are. */
  async #sendAllOn(): Promise<void> {
    this.#leaving.abort();
    this.#tellNode();
    const leaving: Promise<void>[] = [];
    for (const live of this.#house.registry.all()) {
      const { frame, hasPlace } = redirectOnDrain(live.vehicle, this.#node);
      live.say(frame);
      if (hasPlace) leaving.push(firing(live.over));
    }
    await Promise.all(leaving);
  }

  #sessionsByTransport(): Record<Transport, number> {
    const counts: Record<Transport, number> = { quic: 0, tcp: 0, memory: 0 };
    for (const live of this.#house.registry.all()) counts[live.transport] += 1;
    return counts;
  }

  #certificatesEnding(): Map<number, number> {
    const nowMs = Number(this.#node.clock.wallNs() / 1_000_000n);
    const left = Array.from(this.#house.registry.all(), ({ session }) => daysLeft(session, nowMs));
    return new Map(certificateWarningDays.map((days) => [days, left.filter((one) => one <= days).length]));
  }

  #serve(link: Link): void {
    const served = serveLink(link, this.#house)
      .catch((thrown) => {
        this.#node.log.error("A link was dropped", { peer: link.peer, reason: String(thrown) });
        link.close({ code: 0, reason: "" });
      })
      .finally(() => {
        this.#links.delete(served);
        this.#node.counters.ended += 1;
      });
    this.#links.add(served);
  }

  #ears(): BackboneEars {
    const { counters, path, log, revocation } = this.#node;
    return {
      placed: (number, place) => {
        counters.placed += 1;
        path.handlePlaced(number, place);
      },
      refused: (number, detail) => {
        counters.logRefusals += 1;
        log.debug("The log refused a bundle", { number, detail });
      },
      order: (vehicle, order) => {
        // A name that is none of a vehicle is nobody's here.
        this.#house.registry.of(vehicle as VehicleId)?.handleOrder(order);
      },
      verdicts: (notice) => {
        counters.verdictNotices += 1;
        this.#verdicts.handleNotice(notice);
      },
      owner: (notice) => this.#owners.handleNotice(notice),
      node: (who, state) => handleNodeState(who, state, this.#node),
      login: (vehicle, proof) => this.#house.takeovers.handleProof(vehicle, proof),
      revoked: () => {
        counters.revocationHints += 1;
        revocation.handleHint();
      },
    };
  }

  #startSlowWork(): void {
    const { path } = this.#node;
    this.#every(repeatTickMs, () => path.handleTick());
    this.#every(sessionTickMs, () => this.#lookAfterSessions());
    this.#every(passedIntervalMs, () => this.#verdicts.tellPassed());
    this.#every(reclaimIntervalMs, () => this.#reclaimIfMany());
    this.#every(digestIntervalMs, () => announceDigest(this.#node, this.#house.registry.all()));
    if (!this.#node.isSharedName) this.#every(nodeStateIntervalMs, () => this.#tellNode(), { atOnce: true });
    this.#every(probeIntervalMs, () => this.#probe(), { atOnce: true });
  }

  /** Repeats work until the relay has stopped; a failure is logged and does not end the repetition. */
  async #every(
    intervalMs: number,
    work: () => void | Promise<void>,
    options: { atOnce?: boolean } = {},
  ): Promise<void> {
    const { clock, log } = this.#node;
    const { signal } = this.#stopped;
    const pause = () => clock.after(intervalMs, signal).then(() => true, () => false);
    let goesOn = options.atOnce === true || await pause();
    while (goesOn) {
      try {
        await work();
      } catch (thrown) {
        log.error("Regular work failed", { reason: String(thrown) });
      }
      goesOn = await pause();
    }
  }

  #tellNode(): void {
    const { node, port, isSharedName } = this.#node;
    if (isSharedName) return;
    const ready = this.reasonAgainstReady() === undefined;
    announceNode(this.#node, { node, port, ready, links: this.#house.admission.links, linksMax: this.#linksMax });
  }

  #lookAfterSessions(): void {
    const now = instantOf(this.#node.clock);
    this.#cutRevoked();
    const ready = this.#reasonAgainstStaying() === undefined;
    for (const live of this.#house.registry.all()) {
      if (Number(now.wallNs / 1_000_000n) >= live.session.notAfterMs) {
        live.finish({ code: "certificate_expired", detail: "The certificate of this session has ended" });
        continue;
      }
      live.handleTick(now, { ready });
    }
  }

  /** Ends sessions whose certificate was revoked, or of which nobody can tell any more. */
  #cutRevoked(): void {
    const { counters, revocation } = this.#node;
    for (const live of this.#house.registry.all()) {
      const reason = live.over.aborted ? undefined : revocation.reasonAgainstSession(live.session.certificate);
      if (reason === undefined) continue;
      counters.revoked[reason.code] += 1;
      live.finish(reason);
    }
  }

  /** Why vehicles that are logged in should move on. That others cannot log in here is no reason for them. */
  #reasonAgainstStaying(): string | undefined {
    if (this.#leaving.signal.aborted) return "the node is being drained";
    return this.#node.readiness.reasonAgainst(this.#node.clock.uptimeMs());
  }

  #reclaimIfMany(): void {
    const { ended } = this.#node.counters;
    if (ended - this.#reclaimedAt < reclaimLinksMin) return;
    this.#reclaimedAt = ended;
    this.#reclaim();
  }

  async #probe(): Promise<void> {
    const { backbone, clock, log, path, readiness } = this.#node;
    const wasReady = readiness.reasonAgainst(clock.uptimeMs());
    try {
      await backbone.probe();
      readiness.handleProbed(clock.uptimeMs());
      if (wasReady !== undefined) path.hurry();
    } catch (thrown) {
      log.debug("The log did not answer a probe", { reason: String(thrown) });
    }
  }
}

/** Resolves when the signal fires. */
function firing(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

function nodeOf(options: RelayOptions, signals: Pick<Node, "leaving" | "draining">): Node {
  const { clock, backbone } = options;
  const readiness = new Readiness();
  const counters = newCounters();
  const { heldBytesMax } = options.limits;
  return {
    ...options,
    readiness,
    board: new NodeBoard(),
    counters,
    ...signals,
    shelf: new ShapeShelf({ store: backbone.shapes, clock }),
    path: new TelemetryPath({ log: backbone.log, clock, readiness, counters, heldBytesMax }),
    speakers: new Speakers(clock),
  };
}
