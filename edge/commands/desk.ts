/**
 * Takes orders from the cloud, gives commands to the vehicle's software, and tells the cloud what became of them, again
 * and again until it says that it has kept it. What is decided is in the journal before it has any effect; a stop alone
 * acts first.
 *
 *     link -> handleFrame -> book -> journal -> software: offer, claim, progress, result
 *                                       `-----> events, signed -> link
 */
import type { KeyObject } from "node:crypto";
import { fromBinary } from "@bufbuild/protobuf";
import { type EventSigner, sealEvent } from "#proto/command_event.ts";
import { asFault, Fault } from "#proto/errors.ts";
import { DownwardSchema, type SignedOrder } from "#proto/gen/systemscale/command/v1/command_pb.ts";
import type { VehicleId } from "#proto/ids.ts";
import { type Instant, instantOf } from "#proto/instant.ts";
import { believeCommand, believeStop } from "#proto/order.ts";
import type { Clock, Disk, Log, Random } from "#proto/ports.ts";
import { commandTickMs, eventAgainMs, ordersQueuedMax, progressMs, softwareLeaseMs, tellAgainMs } from "../limits.ts";
import { pause } from "../pause.ts";
import { cancelledId, cancelType, CommandBook, isSettled, type Order, stateOf, type Word } from "./book.ts";
import type { Entry, EventEntry, Taken } from "./entry.ts";
import { Journal } from "./journal.ts";
import { alreadyAttached, Attachment, type OfferedCommand, type SoftwareEvent } from "./software.ts";

/** What {@link CommandDesk} works with. */
export interface CommandDeskParts {
  readonly vehicle: VehicleId;
  /** 16 random bytes of this start of the agent. */
  readonly boot: Uint8Array;
  /** Public key of the command root. */
  readonly root: KeyObject;
  /** Of the journal alone. */
  readonly disk: Disk;
  /** Who the vehicle is now. */
  readonly speaker: () => EventSigner;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** Sends a signed event over the present link. */
export type Say = (event: Uint8Array) => void;

const journalIdBytes = 16;

/** See the head of this file. */
export class CommandDesk {
  readonly #parts: CommandDeskParts;
  readonly #book: CommandBook;
  readonly #journal: Journal;
  #say: Say | undefined;
  #attachment: Attachment | undefined;
  /** Since when no software is attached, on the local uptime. */
  #aloneMs: number;
  /** The highest stop that software was told of, although its journal entry may still be on its way. */
  #toldStop = 0n;
  #againMs = 0;
  readonly #progressMs = new Map<string, number>();
  /** When each order was last told of, on the local uptime. */
  readonly #toldMs = new Map<string, number>();
  /** Decisions wait for one another, and for their place in the journal. */
  #turn: Promise<unknown> = Promise.resolve();
  #queued = 0;

  private constructor(parts: CommandDeskParts, { book, journal }: { book: CommandBook; journal: Journal }) {
    this.#parts = parts;
    this.#book = book;
    this.#journal = journal;
    this.#aloneMs = parts.clock.uptimeMs();
  }

  /** Opens the journal and settles what a former boot left behind. Faults of the disk. */
  static async open(parts: CommandDeskParts): Promise<CommandDesk> {
    const { vehicle, boot, disk, random, clock, log } = parts;
    const book = new CommandBook({ vehicle, boot: boot.toHex() });
    const { journal, entries } = await Journal.open(disk, log);
    for (const entry of entries) book.apply(entry);
    if (book.journal === undefined) book.apply({ kind: "journal", id: random.bytes(journalIdBytes).toHex() });
    const now = instantOf(clock);
    for (const entry of book.decideBegin(now)) book.apply(entry);
    book.forget(book.forgettable(now));
    await journal.rewrite(book.kept());
    return new CommandDesk(parts, { book, journal });
  }

  /** Whether the vehicle is stopped, and who takes its commands. */
  get status() {
    const { latched } = this.#book.stop;
    return {
      software: this.#attachment?.client,
      waiting: this.#book.waiting.length,
      running: this.#book.running.length,
      stopped: latched !== undefined,
    };
  }

  /** Looks after deadlines, leases and repetitions until the signal fires. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#parts;
    while (await pause(clock, { delayMs: commandTickMs, signal })) {
      try {
        await this.#tick();
      } catch (thrown) {
        log.warn("Cannot look after commands, trying again", { error: asFault(thrown).message });
      }
    }
  }

  /** Tells software and disk that it is over. */
  async close(): Promise<void> {
    this.#attachment?.end();
    await this.#turn.catch(() => undefined);
    await this.#journal.close();
  }

  /** Another link serves: what the cloud has not kept is told over it. Returns the end of that. */
  link(say: Say): () => void {
    this.#say = say;
    for (const order of this.#book.orders) if (!isSettled(order)) this.#tell(order);
    return () => {
      if (this.#say === say) this.#say = undefined;
    };
  }

  /** Takes a frame of the command lane. Throws `bad_message`; what is not to be obeyed is told to the log. */
  handleFrame(payload: Uint8Array): void {
    const { word } = decode(payload);
    switch (word.case) {
      case "command":
        return this.#enqueue((now) => this.#handleCommand(word.value, now));
      case "stop":
        return this.#handleStop(word.value);
      case "settled": {
        const { commandId, number } = word.value;
        return this.#enqueue(() => this.#record(() => this.#book.decideSettled(commandId, number)));
      }
    }
  }

  /** Software comes to take commands. Throws `already_attached`. */
  attach(client: string): Attachment {
    if (this.#attachment !== undefined) throw alreadyAttached(this.#attachment);
    const attachment = new Attachment(client);
    this.#attachment = attachment;
    const { latched } = this.#book.stop;
    if (latched !== undefined) attachment.tell({ kind: "stop", data: { number: latched.toString() } });
    for (const order of [...this.#book.running, ...this.#book.waiting]) attachment.tell(this.#offer(order));
    this.#parts.log.info("Software takes commands", { client });
    return attachment;
  }

  /** It is gone. */
  detach(attachment: Attachment): void {
    attachment.end();
    if (this.#attachment !== attachment) return;
    this.#attachment = undefined;
    this.#aloneMs = this.#parts.clock.uptimeMs();
    this.#parts.log.info("Software takes commands no longer", { client: attachment.client });
  }

  /** Software begins a command: it is in the journal when this resolves. Rejects with `not_found`, `wrong_state`, `disk_failed`. */
  async claim(id: string): Promise<OfferedCommand> {
    await this.#inTurn(() => this.#record((now) => this.#book.decideClaim(id, now)));
    const order = this.#book.of(id);
    // A stop may have come while the disk was waited for.
    if (order === undefined || (order.taken.class === "motion" && this.#isStopping)) {
      throw new Fault("wrong_state", `Cannot begin "${id}": the vehicle is stopped`);
    }
    return this.#offer(order).data;
  }

  /** Software tells how far it is. Rejects as {@link claim} does. */
  async progress(id: string, data: string): Promise<void> {
    const nowMs = this.#parts.clock.uptimeMs();
    if (nowMs - (this.#progressMs.get(id) ?? -Infinity) < progressMs) return;
    this.#progressMs.set(id, nowMs);
    await this.#inTurn(() => this.#record((now) => this.#book.decideProgress(id, data, now)));
  }

  /** Software tells what became of it. Rejects as {@link claim} does. */
  async result(id: string, word: Word): Promise<void> {
    this.#progressMs.delete(id);
    await this.#inTurn(() => this.#record((now) => this.#book.decideResult(id, word, now)));
  }

  get #isStopping(): boolean {
    const { latched, released } = this.#book.stop;
    return latched !== undefined || this.#toldStop > released;
  }

  async #handleCommand(order: SignedOrder, now: Instant): Promise<void> {
    const { log, root } = this.#parts;
    const believed = believeCommand(order, { root, generationMin: this.#book.generationMin });
    const { id, type, issuer } = believed.payload;
    const target = type === cancelType ? cancelledId(believed.payload.data) : id;
    const before = this.#book.of(target);
    await this.#record(() => this.#book.decideCommand(believed, now));
    const known = this.#book.of(target);
    if (known === undefined) return;
    if (before === undefined) log.info("Command received", { id, type, issuer, state: stateOf(known) });
    // Whoever asks again has not heard.
    if (known === before) this.#tellAgain(known);
    if (type === cancelType && stateOf(known) === "executing") {
      this.#attachment?.tell({ kind: "cancel", data: { id: target } });
    }
  }

  /** Acts first. What is refused, or cannot be written down, is told to the log. */
  #handleStop(order: SignedOrder): void {
    const { log, root } = this.#parts;
    try {
      const believed = believeStop(order, { root, generationMin: this.#book.generationMin });
      const { number, release, vehicleId, issuer } = believed.payload;
      const isNew = number > this.#book.stop.released && number > this.#toldStop;
      if (!release && isNew && vehicleId === this.#parts.vehicle) {
        this.#toldStop = number;
        this.#attachment?.tell({ kind: "stop", data: { number: number.toString() } });
        log.warn("Stop received", { number, issuer });
      }
      this.#enqueue(async () => {
        const before = this.#book.of(believed.payload.id);
        await this.#record((now) => this.#book.decideStop(believed, now));
        if (before !== undefined) this.#tellAgain(before);
      });
    } catch (thrown) {
      log.warn("A stop was not obeyed", { reason: asFault(thrown).message });
    }
  }

  async #tick(): Promise<void> {
    const now = instantOf(this.#parts.clock);
    await this.#inTurn(() => this.#record(() => this.#book.decideTick(now)));
    const isAlone = this.#attachment === undefined && now.uptimeMs - this.#aloneMs >= softwareLeaseMs;
    for (const { taken } of isAlone ? this.#book.running : []) {
      await this.#inTurn(() => this.#record(() => this.#book.decideLost(taken.id, now)));
    }
    if (now.uptimeMs >= this.#againMs) {
      this.#againMs = now.uptimeMs + eventAgainMs;
      for (const order of this.#book.orders) if (!isSettled(order)) this.#tell(order);
    }
    for (const id of this.#toldMs.keys()) if (this.#book.of(id) === undefined) this.#toldMs.delete(id);
    if (this.#journal.isLarge) {
      this.#book.forget(this.#book.forgettable(now));
      await this.#inTurn(() => this.#journal.rewrite(this.#book.kept()));
    }
  }

  /** Decides, writes down, and only then lets it have its effects. */
  async #record(decide: (now: Instant) => Entry[]): Promise<void> {
    const entries = decide(instantOf(this.#parts.clock));
    if (entries.length === 0) return;
    try {
      await this.#journal.append(entries);
    } catch (thrown) {
      this.#parts.log.warn("Cannot write to the journal of commands, writing it anew", {
        error: asFault(thrown).message,
      });
      await this.#journal.rewrite([...this.#book.kept(), ...entries]);
    }
    for (const entry of entries) this.#book.apply(entry);
    for (const entry of entries) this.#follow(entry);
  }

  #follow(entry: Entry): void {
    if (entry.kind === "stop" && entry.latched === null) {
      this.#attachment?.tell({ kind: "release", data: { number: entry.released } });
    }
    if (entry.kind !== "event") return;
    const order = this.#book.of(entry.id);
    if (order === undefined) return;
    this.#send(order.taken, entry);
    if (entry.state === "delivered") this.#attachment?.tell(this.#offer(order));
    const { state, code } = entry;
    if (code !== "progress") this.#parts.log.info("Command goes on", { id: entry.id, state, code });
  }

  /** Not to each copy of a question: on a network that is full, answers would wait behind answers. */
  #tellAgain(order: Order): void {
    const nowMs = this.#parts.clock.uptimeMs();
    const { id } = order.taken;
    if (nowMs - (this.#toldMs.get(id) ?? -Infinity) < tellAgainMs) return;
    this.#tell(order);
  }

  /** Tells all that the cloud has not kept of an order. */
  #tell({ taken, events, settled }: Order): void {
    const news = events.filter(({ number }) => number > settled);
    for (const event of news.length > 0 ? news : events.slice(-1)) this.#send(taken, event);
  }

  #send({ sha256 }: Taken, { id, boot, atNs, stopNumber, ...event }: EventEntry): void {
    if (this.#say === undefined) return;
    const { vehicle, speaker, clock } = this.#parts;
    this.#toldMs.set(id, clock.uptimeMs());
    this.#say(sealEvent(speaker(), {
      commandId: id,
      vehicleId: vehicle,
      orderSha256: Uint8Array.fromHex(sha256),
      ...{ number: event.number, state: event.state, code: event.code, detail: event.detail, data: event.data },
      boot: Uint8Array.fromHex(boot),
      uptimeMs: BigInt(event.uptimeMs),
      atNs: BigInt(atNs),
      journal: Uint8Array.fromHex(this.#book.journal ?? ""),
      stopNumber: BigInt(stopNumber),
    }));
  }

  #offer(order: Order): SoftwareEvent & { kind: "command" } {
    const { id, type, class: name, data, issuer, deadlineMs } = order.taken;
    const leftMs = Math.max(0, Math.round(deadlineMs - this.#parts.clock.uptimeMs()));
    const state = stateOf(order) === "delivered" ? "delivered" : "executing";
    return {
      kind: "command",
      data: { id, type, class: name, data: JSON.parse(data), issuer, deadline_in_ms: leftMs, state },
    };
  }

  /** Of the cloud's words, whose faults concern nobody else. */
  #enqueue(work: (now: Instant) => Promise<void>): void {
    const { log, clock } = this.#parts;
    if (this.#queued >= ordersQueuedMax) return log.warn("Too many orders at once, one is dropped");
    this.#queued += 1;
    void this.#inTurn(() => work(instantOf(clock))).catch((thrown) => {
      log.warn("An order was not obeyed", { reason: asFault(thrown).message });
    }).finally(() => this.#queued -= 1);
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }
}

function decode(payload: Uint8Array) {
  try {
    return fromBinary(DownwardSchema, payload.slice());
  } catch (cause) {
    throw new Fault("bad_message", "Cannot take frame of the command lane: not a valid message", { cause });
  }
}
