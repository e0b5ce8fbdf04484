/**
 * The agent: frames in, records in the ring, batches to the relay, verdicts back. Composes ring, outbox and uplink, and
 * holds no rule of its own. Of the uplink it imports types alone: what links is loaded when frames are taken already.
 *
 *     take --> ring --appended, lost, epoch--> outbox --runs--> uplink --> relay
 *               ^------------- settle ----------------------------'
 */
import { CredentialDesk, type CredentialOptions } from "#proto/base/credential_desk.ts";
import type { Class } from "#proto/class.ts";
import { asFault, Fault } from "#proto/errors.ts";
import type { VehicleId } from "#proto/ids.ts";
import { instantOf } from "#proto/instant.ts";
import type { Clock, Disk, Log, Random } from "#proto/ports.ts";
import { countOf } from "#proto/ranges.ts";
import { within } from "#proto/within.ts";
import type { EventSigner } from "#proto/command_event.ts";
import type { CommandDesk } from "./commands/desk.ts";
import type { AgentStatus, GoneRecords, Unsettled } from "./agent_status.ts";
import { type Credentials, readNewCredentials } from "./identity.ts";
import { CommandGate } from "./commands/gate.ts";
import { diskRetryMs, epochWatchIntervalMs, ringRetryMs, stopFlushMs, stopLinkMs, stopRingMs } from "./limits.ts";
import { type Appended, type NewFrame, openRing, type Ring, type RingEvent, type RingOptions } from "./ring/ring.ts";
import { pause } from "./pause.ts";
import { Bell } from "./uplink/bell.ts";
import type { Identity } from "./uplink/connect.ts";
import { EpochWatch } from "./uplink/epoch_watch.ts";
import { Outbox } from "./uplink/outbox.ts";
import { unopened } from "./uplink/status.ts";
import type { Uplink, UplinkNeeds } from "./uplink/uplink.ts";

/** What {@link startAgent} needs. */
export interface AgentOptions {
  readonly vehicleId: VehicleId;
  /** Who the vehicle is at the start. */
  readonly identity: Identity;
  /** Where a renewed certificate will stand; without it, what was read at the start serves as long as the agent runs. */
  readonly credentials?: CredentialOptions<Credentials>;
  /** The ring's directory and policy. */
  readonly ring: { readonly disk: Disk; readonly bytesMax: number; readonly whenFull: "overwrite" | "refuse" };
  /**
   * Makes the uplink; called once, when the ring is open. Frames are taken while it takes its time; the agent breaks when
   * it rejects.
   */
  readonly openUplink: (needs: UplinkNeeds) => Promise<Uplink>;
  /** Opens the desk of commands; called again while it rejects. Without it the vehicle takes none. */
  readonly openCommands?: (speaker: () => EventSigner) => Promise<CommandDesk>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Whether the kernel says at present that its clock is right. */
  readonly clockSynchronized: () => boolean;
}

/** A running agent. */
export interface Agent {
  /**
   * Makes frames durable and resolves then, or earlier as `buffered`; once durable the uplink takes them. Resolves and
   * rejects as {@link Ring.append} does, and rejects with `unavailable` once the agent stops.
   */
  take(className: Class, frames: readonly NewFrame[]): Promise<Appended>;
  /** The agent's time in the present epoch, nanoseconds since 1970: the ts of frames that bring none. */
  nowNs(): bigint;
  status(): AgentStatus;
  /** Undefined while it is not open, or for a vehicle that takes no commands. */
  readonly commands: CommandDesk | undefined;
  /** Takes no more frames, sends what it can in the time allowed, says goodbye, closes the ring. */
  stop(): Promise<void>;
  /** Resolves after {@link stop}; rejects when a promise within the agent broke: the process must end then. */
  readonly ended: Promise<void>;
}

/**
 * Opens the ring and finds what is on board; from then on frames are taken. Links beside. Rejects as {@link openRing} does,
 * but for `disk_failed`.
 */
export async function startAgent(options: AgentOptions): Promise<Agent> {
  const { clock, random, log, identity } = options;
  const outbox = new Outbox();
  const acks = new Acks(clock);
  // The ring tells its news from its opening on, the uplink needs the open ring.
  const gone = { lost: 0, quarantined: 0 };
  const listeners: Listeners = { clock, outbox, gone };
  const ring = await openPatiently({
    ...options.ring,
    clock,
    random,
    log,
    boot: identity.boot,
    clockSynchronized: options.clockSynchronized(),
    onEvent: (event) => handleRingEvent(event, listeners),
  });
  outbox.handleOnBoard(ring.onBoard().map((one) => ({ ...one, ranges: one.unsettled })));
  const present = { identity };
  const gate = new CommandGate();
  const opening = options.openUplink({
    ...{ clock, random, log, ring, outbox, commands: gate },
    identity: () => present.identity,
    onAck: (kind) => acks.handle(kind),
    onQuarantined: (records) => gone.quarantined += records,
  });
  const credentials = options.credentials && deskOf(options.credentials, { options, present, listeners });
  const { openCommands } = options;
  const openDesk = openCommands && (() => openCommands(() => present.identity));
  return new RunningAgent(options, { ring, outbox, acks, gone, listeners, opening, credentials, gate, openDesk });
}

/** Whoever logs in next does so with the pair that the desk says. */
function deskOf(
  credentials: CredentialOptions<Credentials>,
  { options, present, listeners }: { options: AgentOptions; present: { identity: Identity }; listeners: Listeners },
): CredentialDesk<Credentials> {
  const { vehicleId, clock, log } = options;
  return new CredentialDesk({
    ...{ ...credentials, clock, log },
    read: (files, nowMs) => readNewCredentials(files, { vehicleId, nowMs }),
    clockOffsetNs: () => listeners.uplink?.status.clockOffsetNs ?? 0n,
    onRenewed: ({ chain, signer }) => {
      present.identity = { ...present.identity, chain, signer };
      listeners.uplink?.handleIdentity();
    },
  });
}

/** A disk that cannot be read now may be in a second: the agent does not end for it. */
async function openPatiently(options: RingOptions): Promise<Ring> {
  for (;;) {
    try {
      return await openRing(options);
    } catch (thrown) {
      const fault = asFault(thrown);
      if (fault.code !== "disk_failed") throw fault;
      options.log.error("Cannot open ring, will try again", { error: fault.message });
      await options.clock.after(ringRetryMs);
    }
  }
}

interface Listeners {
  readonly clock: Clock;
  readonly outbox: Outbox;
  readonly gone: { lost: number };
  uplink?: Uplink;
}

function handleRingEvent(event: RingEvent, { clock, outbox, gone, uplink }: Listeners): void {
  switch (event.kind) {
    case "appended":
      outbox.handleAppended(event, clock.uptimeMs());
      return uplink?.handleAppended();
    case "lost":
      gone.lost += countOf([event.range]);
      return outbox.handleGone(event);
    case "epoch":
      return uplink?.handleEpoch();
  }
}

type Ack = "received" | "verdict";

/** When the relay last told something, and who waits for it. */
class Acks {
  readonly bell: Bell;
  readonly #clock: Clock;
  readonly #atMs: Partial<Record<Ack, number>> = {};

  constructor(clock: Clock) {
    this.#clock = clock;
    this.bell = new Bell(clock);
  }

  get lastAcks(): AgentStatus["lastAcks"] {
    return { receivedAtMs: this.#atMs.received, verdictAtMs: this.#atMs.verdict };
  }

  handle(kind: Ack): void {
    this.#atMs[kind] = Number(this.#clock.wallNs() / 1_000_000n);
    this.bell.ring();
  }
}

interface AgentParts {
  readonly ring: Ring;
  readonly outbox: Outbox;
  readonly acks: Acks;
  readonly gone: GoneRecords;
  readonly listeners: Listeners;
  readonly opening: Promise<Uplink>;
  readonly credentials: CredentialDesk<Credentials> | undefined;
  readonly gate: CommandGate;
  readonly openDesk: (() => Promise<CommandDesk>) | undefined;
}

class RunningAgent implements Agent {
  readonly ended: Promise<void>;
  readonly #options: AgentOptions;
  readonly #ring: Ring;
  readonly #outbox: Outbox;
  readonly #listeners: Listeners;
  readonly #acks: Acks;
  readonly #gone: GoneRecords;
  readonly #credentials: CredentialDesk<Credentials> | undefined;
  readonly #gate: CommandGate;
  readonly #linking: Promise<void>;
  readonly #stopping = new AbortController();
  readonly #stopped = Promise.withResolvers<void>();

  constructor(options: AgentOptions, parts: AgentParts) {
    this.#options = options;
    this.#ring = parts.ring;
    this.#outbox = parts.outbox;
    this.#listeners = parts.listeners;
    this.#acks = parts.acks;
    this.#gone = parts.gone;
    this.#credentials = parts.credentials;
    this.#gate = parts.gate;
    this.#linking = this.#link(parts.opening);
    const renewing = this.#credentials?.run(this.#stopping.signal);
    const commanding = parts.openDesk && this.#command(parts.openDesk);
    const working = [this.#linking, this.#watchEpoch(), renewing, commanding, this.#stopped.promise];
    this.ended = Promise.all(working).then(() => undefined);
  }

  get commands(): CommandDesk | undefined {
    return this.#gate.desk;
  }

  async take(className: Class, frames: readonly NewFrame[]): Promise<Appended> {
    if (this.#stopping.signal.aborted) throw new Fault("unavailable", "Cannot take frames: agent is stopping");
    return await this.#ring.append(className, frames);
  }

  nowNs(): bigint {
    return this.#ring.nowNs();
  }

  status(): AgentStatus {
    const { vehicleId, identity } = this.#options;
    const ring = this.#ring.stats();
    return {
      vehicleId,
      agentVersion: identity.agentVersion,
      boot: identity.boot.toHex(),
      epoch: this.#ring.epoch,
      link: this.#uplink?.status ?? unopened,
      ring: {
        ...ring,
        fill: (ring.bytesUsed - ring.bytesReclaimable) / ring.bytesMax,
        hoursOfCover: ring.coverMs === undefined ? undefined : ring.coverMs / 3_600_000,
      },
      backlog: this.#outbox.backlog,
      unsettled: this.#unsettled(),
      window: { live: this.#outbox.window("live"), backfill: this.#outbox.window("backfill") },
      lastAcks: this.#acks.lastAcks,
      gone: { ...this.#gone },
      certificate: this.#credentials?.status,
      commands: this.commands?.status,
      clockOffsetNs: this.#ring.clockOffset(this.#ring.epoch),
    };
  }

  #unsettled(): Unsettled[] {
    return this.#ring.onBoard().filter(({ unsettled }) => unsettled.length > 0).map((line) => ({
      epoch: line.epoch,
      class: line.class,
      first: line.unsettled[0].first,
      records: countOf(line.unsettled),
    }));
  }

  async stop(): Promise<void> {
    if (this.#stopping.signal.aborted) return await this.#stopped.promise;
    this.#stopping.abort();
    await this.#flush();
    await this.#inTime("end link", stopLinkMs, this.#endLink());
    await this.#inTime("close ring", stopRingMs, this.#ring.close());
    this.#stopped.resolve();
  }

  /** Undefined until it is open. */
  get #uplink(): Uplink | undefined {
    return this.#listeners.uplink;
  }

  /** Links until the agent stops. */
  async #link(opening: Promise<Uplink>): Promise<void> {
    const uplink = await opening;
    if (this.#stopping.signal.aborted) return;
    this.#listeners.uplink = uplink;
    await uplink.run();
  }

  /** Takes commands until the agent stops. A disk that cannot be read now may be in a second. */
  async #command(openDesk: () => Promise<CommandDesk>): Promise<void> {
    const { log, clock } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        const desk = await openDesk();
        this.#gate.open(desk);
        await desk.run(signal);
        return await desk.close();
      } catch (thrown) {
        log.error("Cannot open the journal of commands, will try again", { error: asFault(thrown).message });
        await pause(clock, { delayMs: diskRetryMs, signal });
      }
    }
  }

  async #endLink(): Promise<void> {
    await this.#uplink?.stop();
    await this.#linking;
  }

  /** While there is a link, waits for what was taken to be received. */
  async #flush(): Promise<void> {
    const { clock } = this.#options;
    const untilMs = clock.uptimeMs() + stopFlushMs;
    while (this.#uplink?.status.state === "linked" && this.#outbox.backlog.records > 0) {
      if (clock.uptimeMs() >= untilMs) return;
      await this.#acks.bell.wait(untilMs);
    }
  }

  /** A stop goes on whatever fails or hangs: what is durable stays so. */
  async #inTime(action: string, limitMs: number, work: Promise<void>): Promise<void> {
    const { clock, log } = this.#options;
    const fault = () => new Fault("deadline", `Cannot ${action}: it took more than ${limitMs} ms`);
    try {
      await within(work, { clock, limitMs, fault });
    } catch (thrown) {
      log.warn("Stop was not clean", { error: asFault(thrown).message });
    }
  }

  /** Opens a new epoch whenever time has broken. */
  async #watchEpoch(): Promise<void> {
    const { clock } = this.#options;
    const watch = new EpochWatch(instantOf(clock));
    let due: "suspend" | "drift" | undefined;
    while (await this.#tick()) {
      due = watch.poll(instantOf(clock), this.#ring.nowNs()) ?? due;
      if (due !== undefined && await this.#openEpoch(due)) due = undefined;
    }
  }

  /** False while the disk does not let the present epoch end: it must be tried again then. */
  async #openEpoch(reason: "suspend" | "drift"): Promise<boolean> {
    const { log, clockSynchronized } = this.#options;
    try {
      const epoch = await this.#ring.openEpoch(reason, { clockSynchronized: clockSynchronized() });
      log.info("Opened epoch", { epoch, reason });
      return true;
    } catch (thrown) {
      log.warn("Cannot open epoch", { reason, error: asFault(thrown).message });
      return false;
    }
  }

  /** False once the agent stops. */
  #tick(): Promise<boolean> {
    return pause(this.#options.clock, { delayMs: epochWatchIntervalMs, signal: this.#stopping.signal });
  }
}
