/**
 * One link after its login: batches out on two lanes, bookkeeping in and out on the control lane, heartbeats.
 *
 *     logged in -- run --> sending -- stopSending --> quiet
 *        sending, quiet -- close, peer's end or goodbye, silence, fault --> over
 *
 * What frames mean is decided in outbox, heartbeat and lane budget; here they are only handed round.
 */
import { ok } from "node:assert/strict";
import type { TelemetryLane } from "#proto/class.ts";
import { asFault, type Code, Fault, isCode } from "#proto/errors.ts";
import { encodeFrame, FrameDecoder, frameKinds, type LinkFrame } from "#proto/frame.ts";
import type { Redirect, Welcome } from "#proto/gen/systemscale/link/v1/login_pb.ts";
import { Heartbeat } from "#proto/heartbeat.ts";
import { type Instant, instantOf } from "#proto/instant.ts";
import { LaneBudget } from "#proto/lane_budget.ts";
import { readFrames } from "#proto/lane_reader.ts";
import { batchBytesMax, linkFrameBytesMaxBeforeLogin } from "#proto/limits.ts";
import { closeOf, codeOfEnd } from "#proto/link_end.ts";
import { decodeMessage, encodeMessage, type MessageOf } from "#proto/link_message.ts";
import type { Clock, DialTarget, Link, Log, Transport } from "#proto/ports.ts";
import { countOf, intersect, none, subtract } from "#proto/ranges.ts";
import { within } from "#proto/within.ts";
import { controlWriteTimeoutMs, senderWaitMsMax, silenceLookMs, stopLinkMs } from "../limits.ts";
import type { CommandLane } from "../commands/gate.ts";
import type { Ring } from "../ring/ring.ts";
import { Bell } from "./bell.ts";
import { readPlaces, readReceived, readSeriesRanges, takeInventory } from "./bookkeeping.ts";
import { offsetToFix } from "./clock_offset.ts";
import { LaneShare } from "./lane_share.ts";
import type { Outbox, SeriesRanges, SessionTerms } from "./outbox.ts";
import type { Packer } from "./packer.ts";
import { type ShapesInUse, ShapeUses } from "./shape_uses.ts";
import { SilenceWatch } from "./silence_watch.ts";
import { TelemetrySender } from "./telemetry_sender.ts";

/** What all links of an agent share. */
export interface SessionParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly ring: Ring;
  readonly outbox: Outbox;
  readonly packer: Packer;
  readonly shapesInUse: ShapesInUse;
  /** Told when the relay says that something is in the log, or has a verdict. */
  readonly onAck: (kind: "received" | "verdict") => void;
  /** Told how many records the cloud put aside instead of storing them, each record once. */
  readonly onQuarantined: (records: number) => void;
  /** What takes orders and tells what became of them; without it the vehicle takes none. */
  readonly commands?: CommandLane | undefined;
  /** Whether a relay that is not ready may be left now. */
  readonly mayLeave: () => boolean;
  /** Told why a link should be left for another one while it still works. */
  readonly onMove: (from: LinkSession, move: Move) => void;
}

/** What Held and Verdicts have in common. */
type Verdicts = Pick<MessageOf<"verdicts">, "committed" | "quarantined">;

/** What a login brought. */
export interface LoggedIn {
  readonly link: Link;
  readonly target: DialTarget;
  readonly welcome: Welcome;
  /** Rises with every login of this boot. */
  readonly number: number;
}

/** Why a session is over; no code for good order. */
export interface SessionEnd {
  readonly code: Code | undefined;
  readonly detail: string;
}

/** Why this link should be left for another one while it still works. */
export type Move =
  | { readonly kind: "redirect"; readonly redirect: Redirect }
  | { readonly kind: "not_ready" }
  /** Nothing comes back any more. */
  | { readonly kind: "silent" };

type FrameHandler = (payload: Uint8Array) => void | Promise<void>;

/** The vehicle's side of one logged-in link. */
export class LinkSession {
  readonly target: DialTarget;
  readonly welcome: Welcome;
  readonly linkedAtMs: number;
  readonly #parts: SessionParts;
  readonly #link: Link;
  readonly #number: number;
  readonly #heartbeat: Heartbeat;
  readonly #budget: LaneBudget;
  readonly #silence: SilenceWatch;
  readonly #shapes = new ShapeUses();
  readonly #senders: Readonly<Record<TelemetryLane, TelemetrySender>>;
  readonly #controlBell: Bell;
  readonly #offsetsBell: Bell;
  readonly #handlers: ReadonlyMap<number, FrameHandler>;
  readonly #finished = Promise.withResolvers<SessionEnd>();
  #sending: Promise<unknown> = Promise.resolve();
  #isOver = false;
  #inventoryIsDue = true;
  /** What the first inventory listed, which the first answer is about. */
  #listed: readonly SeriesRanges[] | undefined;

  constructor(parts: SessionParts, login: LoggedIn) {
    this.#parts = parts;
    this.#link = login.link;
    this.#number = login.number;
    this.target = login.target;
    this.welcome = login.welcome;
    const now = instantOf(parts.clock);
    this.linkedAtMs = now.uptimeMs;
    this.#heartbeat = new Heartbeat(now, { intervalMs: login.welcome.heartbeatIntervalMs });
    this.#budget = new LaneBudget(now);
    this.#silence = new SilenceWatch(now.uptimeMs);
    this.#controlBell = new Bell(parts.clock);
    this.#offsetsBell = new Bell(parts.clock);
    const lanes = { ...parts, link: login.link, budget: this.#budget, share: new LaneShare(), shapes: this.#shapes };
    this.#senders = { live: new TelemetrySender("live", lanes), backfill: new TelemetrySender("backfill", lanes) };
    this.#handlers = this.#makeHandlers();
  }

  get transport(): Transport {
    return this.#link.transport;
  }

  get rttMs(): number | undefined {
    return this.#heartbeat.rttMs;
  }

  /** Nanoseconds to add to the vehicle's wall clock to get the relay's. */
  get clockOffsetNs(): bigint | undefined {
    return this.#heartbeat.clockOffsetNs;
  }

  /** Whether the relay can hand telemetry on, by its last word. */
  get isReady(): boolean {
    return this.#heartbeat.peerReady ?? this.welcome.ready;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /**
   * Runs the session until it is over; `reading` is the reader of the control lane, which feeds {@link handleFrame}.
   * Never rejects. When it resolves the link is closed and the outbox has back what was not received.
   */
  async run(reading: Promise<void>): Promise<SessionEnd> {
    const { outbox, clock } = this.#parts;
    outbox.handleWelcome(this.#number, termsOf(this.welcome), clock.uptimeMs());
    const senders = [this.#guard(this.#senders.live.run()), this.#guard(this.#senders.backfill.run())];
    this.#sending = Promise.all(senders);
    const loops = [
      this.#guard(this.#readToEnd(reading)),
      this.#guard(this.#control()),
      this.#guard(this.#fixOffsets()),
      this.#guard(this.#readOrders()),
    ];
    const unlink = this.#parts.commands?.link((event) => this.#sayEvent(event));
    const end = await this.#finished.promise;
    this.#isOver = true;
    unlink?.();
    this.#link.close(closeOf(end.code));
    this.#controlBell.ring();
    this.#offsetsBell.ring();
    await this.stopSending();
    await Promise.all(loops);
    outbox.handleLinkEnd(this.#number);
    return end;
  }

  /** Sends no more batches; resolves once none is in hand. What is in flight may still be received. */
  async stopSending(): Promise<void> {
    this.#senders.live.stop();
    this.#senders.backfill.stop();
    await this.#sending;
  }

  /** Says goodbye and ends the session. */
  async close(end: SessionEnd): Promise<void> {
    const goodbye = encodeMessage("goodbye", { code: end.code ?? "", detail: end.detail });
    const { clock, log } = this.#parts;
    try {
      await within(this.#link.write("control", goodbye), { clock, limitMs: stopLinkMs, fault: writeTimeout });
    } catch (thrown) {
      log.debug("Could not say goodbye", { error: asFault(thrown).message });
    }
    this.#finished.resolve(end);
  }

  /** Ends the session without a word: nothing would get through. */
  abandon(detail: string): void {
    this.#finished.resolve({ code: "link_dead", detail });
  }

  /** Ends a session that was never run. */
  async discard(reading: Promise<void>): Promise<void> {
    this.#link.close(closeOf());
    await this.#guard(reading);
  }

  /** New records can be sent. */
  handleAppended(): void {
    this.#senders.live.wake();
  }

  /** Something changed that may let either lane send. */
  wakeSenders(): void {
    this.#senders.live.wake();
    this.#senders.backfill.wake();
  }

  /** A new epoch is open: the cloud is told what is on board. */
  handleEpoch(): void {
    this.#tellInventory();
    this.#offsetsBell.ring();
  }

  /** Anything came from the relay. */
  handleBytes(): void {
    const now = instantOf(this.#parts.clock);
    this.#heartbeat.handleBytes(now);
    this.#silence.handleBytes(now.uptimeMs);
  }

  /** Takes a frame of the control lane. Throws what ends the link. */
  handleFrame(frame: LinkFrame): void | Promise<void> {
    const handle = this.#handlers.get(frame.kind);
    if (handle !== undefined) return handle(frame.payload);
    throw new Fault("unexpected_frame", `Cannot take frame of kind ${frame.kind}: it does not belong behind the login`);
  }

  #makeHandlers(): ReadonlyMap<number, FrameHandler> {
    return new Map<number, FrameHandler>([
      [frameKinds.ping, (payload) => this.#write(this.#heartbeat.handlePing(payload, instantOf(this.#parts.clock)))],
      [frameKinds.pong, (payload) => this.#handlePong(payload)],
      [frameKinds.readReport, (payload) => this.#handleReadReport(payload)],
      [frameKinds.goodbye, (payload) => this.#handleGoodbye(payload)],
      [
        frameKinds.redirect,
        (payload) => this.#parts.onMove(this, { kind: "redirect", redirect: decodeMessage("redirect", payload) }),
      ],
      [frameKinds.held, (payload) => this.#handleHeld(payload)],
      [frameKinds.received, (payload) => this.#handleReceived(payload)],
      [frameKinds.verdicts, (payload) => this.#handleVerdicts(payload)],
      [frameKinds.lost, (payload) => this.#handleLost(payload)],
      [frameKinds.resend, (payload) => this.#handleResend(payload)],
      [frameKinds.inventoryWanted, () => this.#tellInventory()],
      // A stop comes on this lane as well.
      [frameKinds.order, (payload) => this.#parts.commands?.handleFrame(payload)],
    ]);
  }

  #handlePong(payload: Uint8Array): void {
    this.#heartbeat.handlePong(payload, instantOf(this.#parts.clock));
    this.#offsetsBell.ring();
  }

  #handleReadReport(payload: Uint8Array): void {
    this.#budget.handleReadReport(payload, instantOf(this.#parts.clock), { rttMs: this.rttMs });
    this.wakeSenders();
  }

  #handleGoodbye(payload: Uint8Array): void {
    const { code, detail } = decodeMessage("goodbye", payload);
    this.#finished.resolve({ code: isCode(code) ? code : undefined, detail: detail.slice(0, detailLengthMax) });
  }

  #handleHeld(payload: Uint8Array): void {
    const held = decodeMessage("held", payload);
    const settled = this.#settle(held);
    this.#shapes.handleKnown(held.knownShapes);
    const passed = readPlaces(held.passed);
    const answer = { settled, listed: this.#listed ?? [], passed, isAnswered: held.ledgerAnswered };
    this.#parts.outbox.handleHeld(this.#number, answer);
    this.wakeSenders();
  }

  #handleReceived(payload: Uint8Array): void {
    this.#parts.outbox.handleReceived(this.#number, readReceived(decodeMessage("received", payload)));
    this.#parts.onAck("received");
    this.wakeSenders();
  }

  #handleVerdicts(payload: Uint8Array): void {
    const verdicts = decodeMessage("verdicts", payload);
    const settled = this.#settle(verdicts);
    this.#parts.outbox.handleVerdicts(settled, readPlaces(verdicts.passed));
    if (settled.length > 0) this.#parts.onAck("verdict");
    this.wakeSenders();
  }

  #handleLost(payload: Uint8Array): void {
    this.#parts.outbox.handleLost(readSeriesRanges(decodeMessage("lost", payload).ranges));
    this.wakeSenders();
  }

  #handleResend(payload: Uint8Array): void {
    const { ring, outbox } = this.#parts;
    const asked = readSeriesRanges(decodeMessage("resend", payload).ranges);
    const held = asked.map((one) => ({ ...one, ranges: ring.unsettle(one.epoch, one.class, one.ranges) }));
    const onBoard = ring.onBoard();
    const age = ({ epoch }: SeriesRanges) => onBoard.findIndex((one) => one.epoch === epoch);
    outbox.handleResend(held.filter(({ ranges }) => ranges.length > 0).sort((a, b) => age(a) - age(b)));
    this.wakeSenders();
    const isAllHeld = asked.every(({ ranges }, i) => subtract(ranges, held[i].ranges).length === 0);
    if (!isAllHeld) this.#tellInventory();
  }

  #tellInventory(): void {
    this.#inventoryIsDue = true;
    this.#controlBell.ring();
  }

  /** The one place where ring space becomes reclaimable. */
  #settle({ committed, quarantined }: Verdicts): SeriesRanges[] {
    const settled = readSeriesRanges([...committed, ...quarantined]);
    if (quarantined.length > 0) this.#tellQuarantined(readSeriesRanges(quarantined));
    for (const { epoch, class: className, ranges } of settled) this.#parts.ring.settle(epoch, className, ranges);
    return settled;
  }

  /** Before they are settled: a verdict that is told again is no news. */
  #tellQuarantined(list: readonly SeriesRanges[]): void {
    const onBoard = this.#parts.ring.onBoard();
    const news = list.map((one) => {
      const known = onBoard.find(({ epoch, class: className }) => epoch === one.epoch && className === one.class);
      return countOf(intersect(one.ranges, known?.unsettled ?? none));
    });
    const records = news.reduce((sum, count) => sum + count, 0);
    if (records > 0) this.#parts.onQuarantined(records);
  }

  async #readToEnd(reading: Promise<void>): Promise<void> {
    await reading;
    const end = await this.#link.ended;
    this.#finished.resolve({ code: codeOfEnd(end), detail: end.reason });
  }

  /** The command lane: read in any case, so that what comes there does not lie in the transport. */
  async #readOrders(): Promise<void> {
    await readFrames(this.#link, "command", {
      decoder: new FrameDecoder(linkFrameBytesMaxBeforeLogin),
      handleFrame: ({ kind, payload }) => {
        if (kind !== frameKinds.order) {
          throw new Fault("unexpected_frame", `Cannot take frame of kind ${kind} as order`);
        }
        this.#parts.commands?.handleFrame(payload);
      },
      handleBytes: () => this.handleBytes(),
    });
  }

  /** What does not get out now is said again later. */
  #sayEvent(payload: Uint8Array): void {
    const frame = encodeFrame(frameKinds.commandEvent, { lane: "command", payload });
    this.#link.write("command", frame).catch(() => undefined);
  }

  async #control(): Promise<void> {
    while (!this.#isOver) {
      if (this.#inventoryIsDue) await this.#sendInventory();
      this.#lookForSilence();
      const now = instantOf(this.#parts.clock);
      const step = this.#heartbeat.poll(now);
      if (step.kind === "send") await this.#ping(step.bytes, now);
      else if (step.kind === "wait") await this.#controlBell.wait(Math.min(step.untilMs, this.#nextLookMs()));
      else throw new Fault("link_dead", `Cannot keep link to "${this.target.node}": the relay stopped answering`);
      if (!this.isReady && this.#parts.mayLeave()) this.#parts.onMove(this, { kind: "not_ready" });
    }
  }

  async #ping(bytes: Uint8Array, now: Instant): Promise<void> {
    this.#silence.handlePing(now.uptimeMs);
    await this.#write(bytes);
  }

  /** What else there is than QUIC is worth a try before the link counts as dead. */
  #lookForSilence(): void {
    if (this.transport !== "quic") return;
    const nowMs = this.#parts.clock.uptimeMs();
    const found = this.#silence.poll({ nowMs, isAwaited: this.#budget.isAwaited, rttMs: this.rttMs });
    if (found === "ask") this.#heartbeat.hurry();
    if (found === "silent") this.#parts.onMove(this, { kind: "silent" });
  }

  #nextLookMs(): number {
    return this.transport === "quic" ? this.#parts.clock.uptimeMs() + silenceLookMs : Infinity;
  }

  async #sendInventory(): Promise<void> {
    this.#inventoryIsDue = false;
    const { listed, message } = takeInventory(this.#parts.ring.onBoard(), this.#parts.shapesInUse.hashes);
    this.#listed ??= listed;
    await this.#write(encodeMessage("inventory", message));
  }

  async #fixOffsets(): Promise<void> {
    const { clock } = this.#parts;
    while (!this.#isOver) {
      await this.#fixDueOffsets();
      await this.#offsetsBell.wait(clock.uptimeMs() + senderWaitMsMax);
    }
  }

  /** Fixes what is not fixed of the epochs that wait to be sent, once the relay's clock is known. */
  async #fixDueOffsets(): Promise<void> {
    const { ring, outbox, clock, log } = this.#parts;
    const aheadNs = this.clockOffsetNs;
    if (aheadNs === undefined) return;
    for (const epoch of outbox.epochsToSend.filter((epoch) => ring.clockOffset(epoch) === undefined)) {
      const offsetNs = offsetToFix({ aheadNs, wallNs: clock.wallNs(), epochNowNs: ring.nowIn(epoch) });
      try {
        await ring.fixClockOffset(offsetNs, epoch);
      } catch (thrown) {
        log.warn("Cannot fix clock offset, trying again", { epoch, error: asFault(thrown).message });
        return;
      }
      log.info("Fixed clock offset", { epoch, offsetNs });
      this.wakeSenders();
    }
  }

  #write(frame: Uint8Array): Promise<void> {
    const { clock } = this.#parts;
    const limitMs = controlWriteTimeoutMs;
    return within(this.#link.write("control", frame), { clock, limitMs, fault: writeTimeout });
  }

  /** A loop that fails ends the session; a broken promise of ours (no Fault) shows as `internal`. */
  async #guard(loop: Promise<void>): Promise<void> {
    try {
      await loop;
    } catch (thrown) {
      const { code, message } = asFault(thrown);
      if (code === "internal") this.#parts.log.error("Link failed by a fault of the agent", { error: message });
      this.#finished.resolve({ code, detail: message });
    }
  }
}

/** Words from the other end are for people and logs: so much of them. */
const detailLengthMax = 500;

function writeTimeout(): Fault {
  return new Fault("link_dead", "Cannot write to control lane: the relay takes nothing");
}

function termsOf(welcome: Welcome): SessionTerms {
  ok(welcome.batchBytesMax > 0, "the login checked the Welcome");
  return {
    windows: { live: welcome.liveWindowBytes, backfill: welcome.backfillWindowBytes },
    batchBytesMax: Math.min(batchBytesMax, welcome.batchBytesMax),
  };
}
