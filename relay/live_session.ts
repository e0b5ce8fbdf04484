/** A logged-in vehicle on its link: takes its frames from every lane and says the relay's words to it. */
import type { Lane, TelemetryLane } from "#proto/class.ts";
import { type Code, Fault } from "#proto/errors.ts";
import { encodeFrame, frameKinds, type LinkFrame } from "#proto/frame.ts";
import { Heartbeat } from "#proto/heartbeat.ts";
import { type Instant, instantOf } from "#proto/instant.ts";
import type { RelayHeader } from "#proto/bundle.ts";
import { closeOf } from "#proto/link_end.ts";
import { decodeMessage, encodeMessage } from "#proto/link_message.ts";
import { linkFrameBytesMaxBeforeLogin, linkHeaderBytes } from "#proto/limits.ts";
import type { Link, Transport } from "#proto/ports.ts";
import { eventSubject } from "#proto/subjects.ts";
import { TokenBucket } from "#proto/token_bucket.ts";
import { ControlWriter } from "./control_writer.ts";
import { type Asker, InventoryDesk } from "./inventory_desk.ts";
import { commandBacklogBytesMax, controlBacklogBytesMax, eventRates } from "./limits.ts";
import type { Node } from "./node.ts";
import { ProofKeeper } from "./proof_keeper.ts";
import type { Registered } from "./registry.ts";
import { type SeqRun, Session, type SessionFacts } from "./session.ts";
import type { Speaker } from "./speakers.ts";
import type { BatchOwner } from "./telemetry_path.ts";

/** Why a session ends; without a code in good order. */
export interface SessionEnd {
  readonly code: Code | undefined;
  readonly detail: string;
}

/** One session with its link. */
export class LiveSession implements Registered, BatchOwner, Speaker, Asker {
  readonly session: Session;
  readonly heartbeat: Heartbeat;
  readonly #node: Node;
  readonly #link: Link;
  readonly #writer: ControlWriter;
  readonly #orders: ControlWriter;
  readonly #eventRate: TokenBucket;
  readonly #desk: InventoryDesk;
  readonly #proof: ProofKeeper;
  readonly #over = new AbortController();
  #now: Instant;
  #heardCount = 0;
  // One per chunk, shared by the batches in it.
  #header: RelayHeader;
  #end: SessionEnd | undefined;

  constructor(facts: SessionFacts, options: { node: Node; link: Link }) {
    this.session = new Session(facts);
    this.#node = options.node;
    this.#link = options.link;
    this.#writer = new ControlWriter(options.link, { lane: "control", backlogBytesMax: controlBacklogBytesMax });
    this.#orders = new ControlWriter(options.link, { lane: "command", backlogBytesMax: commandBacklogBytesMax });
    this.#eventRate = new TokenBucket(eventRates, options.node.clock.uptimeMs());
    this.#desk = new InventoryDesk(this, options.node);
    this.#proof = new ProofKeeper(this.session, { node: options.node, over: this.over });
    this.#now = instantOf(options.node.clock);
    this.#header = this.#makeHeader();
    this.heartbeat = new Heartbeat(this.#now);
  }

  get vehicle() {
    return this.session.vehicle;
  }

  get transport(): Transport {
    return this.#link.transport;
  }

  get boot() {
    return this.session.boot;
  }

  get linkCounter() {
    return this.session.linkCounter;
  }

  get epoch() {
    return this.session.epoch;
  }

  get ancestors() {
    return this.session.ancestors;
  }

  /** How often anything came from the vehicle: it rises as long as the vehicle lives. */
  get heardCount(): number {
    return this.#heardCount;
  }

  /** Why this side ended the session; undefined while it lives or when the vehicle or the network ended it. */
  get end(): SessionEnd | undefined {
    return this.#end;
  }

  /** Fires at the session's end, whoever ended it. */
  get over(): AbortSignal {
    return this.#over.signal;
  }

  /** Resolves once those who read the log can know that this session is the vehicle's, or at the session's end. */
  get proven(): Promise<void> {
    return this.#proof.kept;
  }

  /** Begins to tell them, by an encoded SessionProof. */
  prove(proof: Uint8Array): void {
    void this.#proof.keep(proof);
  }

  /** One of them does not know it. */
  handleUnproven(): void {
    this.#proof.handleGone();
  }

  /** Whether that start of the owner has compared what the vehicle holds, or is being asked to. */
  isKnownTo(ownerBeganNs: bigint): boolean {
    return this.#desk.isKnownTo(ownerBeganNs);
  }

  /** Bytes came on a lane. */
  handleBytes(lane: Lane, count: number): void {
    this.#now = instantOf(this.#node.clock);
    this.#heardCount += 1;
    this.heartbeat.handleBytes(this.#now);
    if (lane !== "live" && lane !== "backfill") return;
    this.#header = this.#makeHeader();
    this.session.handleRead(lane, count);
    this.#node.counters.readBytes[lane] += count;
    this.#node.speakers.add(this);
  }

  /** A frame of the control lane. Throws what ends the link. */
  handleControl(frame: LinkFrame): void {
    switch (frame.kind) {
      case frameKinds.ping:
        return this.say(this.heartbeat.handlePing(frame.payload, this.#now));
      case frameKinds.pong:
        return this.heartbeat.handlePong(frame.payload, this.#now);
      case frameKinds.inventory:
        return this.#desk.handleInventory(decodeMessage("inventory", frame.payload));
      case frameKinds.goodbye:
        return this.#handleGoodbye(frame.payload);
      default:
        throw unexpected(frame);
    }
  }

  /** A frame of a telemetry lane; a promise must be waited for before the next. Throws what ends the link. */
  handleTelemetry(lane: TelemetryLane, frame: LinkFrame): void | Promise<void> {
    if (!this.#proof.isKept) return this.#handleOnceProven(lane, frame);
    if (frame.kind === frameKinds.batch) return this.#handleBatch(lane, frame.payload);
    if (frame.kind === frameKinds.shapeUse) return this.#handleShapeUse(lane, frame.payload);
    throw unexpected(frame);
  }

  async #handleOnceProven(lane: TelemetryLane, frame: LinkFrame): Promise<void> {
    await this.proven;
    if (!this.over.aborted) await this.handleTelemetry(lane, frame);
  }

  /** A frame of the command lane: the vehicle's word on an order. It says it again until the cloud has kept it. */
  handleCommand(frame: LinkFrame): void {
    if (frame.kind !== frameKinds.commandEvent) throw unexpected(frame);
    const { counters, backbone } = this.#node;
    if (!this.#eventRate.take(this.#now.uptimeMs)) {
      counters.droppedEvents += 1;
      return;
    }
    counters.events += 1;
    backbone.announce(eventSubject(this.vehicle), frame.payload.slice());
  }

  /** An order of the cloud, not looked into. What cannot be handed on is dropped: the cloud says it again. */
  handleOrder({ bytes, isStop }: { readonly bytes: Uint8Array; readonly isStop: boolean }): void {
    const { counters } = this.#node;
    if (this.over.aborted || bytes.byteLength + linkHeaderBytes > linkFrameBytesMaxBeforeLogin) {
      counters.droppedOrders += 1;
      return;
    }
    const isTaken = this.#orders.write(encodeFrame(frameKinds.order, { lane: "command", payload: bytes }));
    // By both lanes: whichever is there first.
    if (isStop) this.say(encodeFrame(frameKinds.order, { lane: "control", payload: bytes }));
    counters[isTaken || isStop ? "orders" : "droppedOrders"] += 1;
  }

  handleReceived(run: SeqRun, at: { lane: TelemetryLane; place: number }): void {
    if (this.over.aborted) return;
    this.session.addReceived(run, at);
    this.#node.speakers.add(this);
  }

  handleLost(run: SeqRun): void {
    if (this.over.aborted) return;
    this.session.addLost(run);
    this.#node.speakers.add(this);
  }

  /** Queues whole frames on the control lane; a vehicle that does not read them is given up. */
  say(...frames: Uint8Array[]): void {
    for (const frame of frames) {
      if (this.#writer.write(frame)) continue;
      this.close({ code: "link_dead", detail: "The control lane is not read" });
      return;
    }
  }

  speak(nowMs: number): boolean {
    this.say(...this.session.pollWords(nowMs));
    return this.session.hasUnreported;
  }

  /** Pings now: an answer shows that the vehicle lives. */
  ask(): void {
    this.heartbeat.hurry();
    const now = instantOf(this.#node.clock);
    this.handleTick(now, { ready: this.#node.readiness.reasonAgainst(now.uptimeMs) === undefined });
  }

  /** Pings when one is due; a vehicle that was silent for too long is given up. */
  handleTick(now: Instant, options: { ready: boolean }): void {
    const poll = () => this.heartbeat.poll(now, options);
    for (let step = poll(); step.kind !== "wait"; step = poll()) {
      if (step.kind === "dead") return this.close({ code: "link_dead", detail: "The vehicle stopped answering" });
      this.say(step.bytes);
    }
  }

  /** Ends the session with a last word, once; the link closes behind it. */
  finish(end: SessionEnd): void {
    if (this.#end !== undefined) return;
    this.say(encodeMessage("goodbye", { code: end.code ?? "", detail: end.detail }));
    this.close(end);
  }

  /** Ends the session at once, without a word. */
  close(end: SessionEnd): void {
    this.#end ??= end;
    this.#over.abort();
    this.#link.close(closeOf(end.code));
  }

  #handleBatch(lane: TelemetryLane, payload: Uint8Array): Promise<void> | undefined {
    const { counters, path } = this.#node;
    const { epoch, class: classNumber, first, last, count } = this.session.handleBatch(payload, this.#now.wallNs);
    counters.batches[lane] += 1;
    counters.records[lane] += count;
    path.takeBatch({ lane, partition: this.session.partition }, {
      header: this.#header,
      bytes: payload,
      part: { owner: this, epoch, class: classNumber, first, last },
    });
    return path.room();
  }

  #handleShapeUse(lane: TelemetryLane, payload: Uint8Array): Promise<void> | undefined {
    const shape = this.session.handleShapeUse(lane, payload);
    const address = { lane, partition: this.session.partition };
    const take = () => this.#node.path.takeShape(address, shape.definition);
    if (!this.#node.shelf.has(shape.hash)) return this.#node.shelf.keep(shape, this.over).then(take);
    take();
    return this.#node.path.room();
  }

  #handleGoodbye(payload: Uint8Array): void {
    const { code, detail } = decodeMessage("goodbye", payload);
    this.close({ code: undefined, detail: `The vehicle said goodbye: ${code.slice(0, 64)} ${detail.slice(0, 200)}` });
  }

  #makeHeader(): RelayHeader {
    const { relay, shard } = this.#node;
    return { vehicle: this.vehicle, relay, shard, sessionSecret: this.session.secret, receivedAtNs: this.#now.wallNs };
  }
}

function unexpected(frame: LinkFrame): Fault {
  return new Fault(
    "unexpected_frame",
    `Cannot take frame of kind ${frame.kind} on lane "${frame.lane}": a vehicle sends none there after login`,
  );
}
