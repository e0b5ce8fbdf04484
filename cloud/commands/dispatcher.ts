/**
 * Takes commands from operators, gives them to vehicles, and believes what these say became of them. What is answered is
 * in the store; what is sent is sent again, byte for byte, until the vehicle has it.
 *
 *     accept -> store -> (linked, and its boot known) sign, store, send -> event of the vehicle -> store -> settled
 */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import type { CertificateCheck } from "#proto/base/certificate.ts";
import { type BelievedEvent, believeEvent } from "#proto/command_event.ts";
import { type CommandId, commandIdPattern, commandIdRandomBytes, makeCommandId } from "#proto/command_id.ts";
import { asFault, Fault } from "#proto/errors.ts";
import {
  CommandSchema,
  DownwardSchema,
  type SignedOrder,
  SignedOrderSchema,
} from "#proto/gen/systemscale/command/v1/command_pb.ts";
import { parseVehicleId, type VehicleId } from "#proto/ids.ts";
import { orderSha256, signCommand } from "#proto/order.ts";
import type { Clock, Log, Random } from "#proto/ports.ts";
import { type ProvenSession, readSessionProof, verifySession } from "#proto/session_proof.ts";
import type { DocumentStore } from "../lib/documents/documents.ts";
import type { LinkBoard } from "../lib/links/link_board.ts";
import type { VehicleRegistry } from "../lib/vehicle_registry.ts";
import { type BootFacts, uptimeAt } from "./boot_book.ts";
import type { Boots } from "./boots.ts";
import type { CommandBook } from "./command_book.ts";
import { openPerVehicleMax } from "./limits.ts";
import type { VehicleLines } from "./ports.ts";
import {
  acceptedRecord,
  acted,
  type CommandRecord,
  elapsed,
  isUndelivered,
  type NewCommand,
  resendDelayMs,
  said,
  type Sent,
} from "./record.ts";
import { signerFor, type Signers } from "./signers.ts";
import type { StopDesk } from "./stop_desk.ts";

/** What {@link Dispatcher} works with. */
export interface DispatcherParts {
  readonly book: CommandBook;
  readonly boots: Boots;
  readonly stops: StopDesk;
  /** Keys that callers gave, by their hash. */
  readonly keys: DocumentStore;
  readonly vehicles: Pick<VehicleRegistry, "isRegistered">;
  readonly board: LinkBoard;
  readonly lines: VehicleLines;
  readonly signers: Signers;
  readonly checkChain: CertificateCheck;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** What an operator asks for. */
export interface Wanted
  extends Pick<NewCommand, "vehicle" | "type" | "class" | "data" | "priority" | "issuer" | "reason"> {
  readonly ttlMs: number;
  /** A key under which the same request gives the same answer. */
  readonly key?: string | undefined;
}

interface Resend {
  readonly times: number;
  readonly dueMs: number;
}

/** See the head of this file. */
export class Dispatcher {
  readonly #parts: DispatcherParts;
  /** When what is not delivered is sent again, on the local uptime. */
  readonly #resends = new Map<CommandId, Resend>();
  /** What a vehicle says is taken in its order. */
  readonly #turns = new Map<VehicleId, Promise<void>>();

  constructor(parts: DispatcherParts) {
    this.#parts = parts;
  }

  /**
   * Takes a command. Rejects with `not_found` for a vehicle that nobody registered, `vehicle_stopped`, `too_many`,
   * `different_request`, `unavailable`.
   */
  async accept(wanted: Wanted): Promise<CommandRecord> {
    const { vehicles, book, stops } = this.#parts;
    const { vehicle } = wanted;
    if (!vehicles.isRegistered(vehicle)) {
      throw new Fault("not_found", `Cannot command "${vehicle}": it is not registered`, { pointer: "/vehicle_id" });
    }
    const known = wanted.key === undefined ? undefined : await this.#knownUnder(wanted.key, wanted);
    if (known?.record !== undefined) return known.record;
    if (wanted.class === "motion" && stops.isStopped(vehicle)) {
      throw new Fault("vehicle_stopped", `Cannot move "${vehicle}": it is stopped, release it first`);
    }
    if (book.openCount(vehicle) >= openPerVehicleMax) {
      throw new Fault("too_many", `Cannot command "${vehicle}": ${openPerVehicleMax} of its commands are not over`);
    }
    const { type, class: name, data, priority, issuer, reason, ttlMs } = wanted;
    const createdAtMs = this.#nowMs();
    const id = known?.id ?? this.#id();
    const command = { id, vehicle, type, class: name, data, priority, issuer, reason };
    const record = await book.create(acceptedRecord({ ...command, createdAtMs, deadlineAtMs: createdAtMs + ttlMs }));
    return await this.#goOn(record);
  }

  /** Whether a vehicle of that name has ever logged in. */
  hasMet(vehicle: VehicleId): boolean {
    return this.#parts.boots.of(vehicle) !== undefined;
  }

  /** Takes a command back, or asks its vehicle to. Rejects with `not_found`, `wrong_state`, `unavailable`. */
  async cancel(id: CommandId): Promise<CommandRecord> {
    const { record, isChanged } = await this.#parts.book.update(
      id,
      (one) => acted(one, "cancel", { atMs: this.#nowMs() }),
    );
    if (!isChanged && record.state !== "cancelling") {
      throw new Fault("wrong_state", `Cannot cancel "${id}": it is ${record.state}`);
    }
    if (record.state === "cancelling") this.#sendCancel(record);
    return record;
  }

  /** A vehicle has been stopped: motions that it does not have yet are over. */
  async handleStop(vehicle: VehicleId): Promise<void> {
    for (const { id, class: name } of this.#parts.book.open(vehicle)) {
      if (name !== "motion") continue;
      await this.#parts.book.update(id, (one) => acted(one, "supersede", { atMs: this.#nowMs(), code: "stopped" }));
    }
  }

  /** The proof of a login, of any relay's word. What does not hold is told to the log. */
  handleProof(bytes: Uint8Array): void {
    const { checkChain, log } = this.#parts;
    const verdict = verifySession(readSessionProof(bytes), { checkChain });
    if (verdict.ok) this.handleLogin(verdict);
    else log.warn("A login is not proven", { code: verdict.code, detail: verdict.detail });
  }

  /** A login that is proven: what waits for the vehicle goes. */
  handleLogin(session: Pick<ProvenSession, "vehicle" | "hello" | "fields">): void {
    const { boots, stops } = this.#parts;
    const { vehicle } = session;
    if (!boots.handleLogin(session, this.#nowMs())) return;
    stops.handleLogin(vehicle);
    this.#inTurn(vehicle, () => this.#release(vehicle));
  }

  /** What a vehicle says became of an order, by whatever relay. */
  handleEvent(bytes: Uint8Array): void {
    const { checkChain, log } = this.#parts;
    try {
      const event = believeEvent(bytes, { checkChain, nowMs: this.#nowMs() });
      const vehicle = parseVehicleId(event.vehicleId);
      this.#inTurn(vehicle, () => this.#takeEvent(vehicle, event));
    } catch (thrown) {
      log.warn("A vehicle's word is not believed", { reason: asFault(thrown).message });
    }
  }

  /** Looks after deadlines and repetitions. */
  async tick(): Promise<void> {
    const { book, stops, clock } = this.#parts;
    stops.tick();
    const uptimeMs = clock.uptimeMs();
    for (const record of book.open()) {
      const nowMs = this.#nowMs();
      if (elapsed(record, nowMs) !== undefined) await book.update(record.id, (one) => elapsed(one, nowMs));
      else if ((this.#resends.get(record.id)?.dueMs ?? 0) <= uptimeMs) await this.#goOn(record);
    }
    for (const id of this.#resends.keys()) if (book.known(id) === undefined) this.#resends.delete(id);
  }

  /** The next step of a command that is the cloud's: nothing when it is the vehicle's. */
  async #goOn(record: CommandRecord): Promise<CommandRecord> {
    const { book, board, boots } = this.#parts;
    const { id, vehicle, state } = record;
    const isLinked = board.of(vehicle).link !== undefined;
    const boot = boots.of(vehicle);
    if (state === "accepted" || state === "queued") {
      if (isLinked && boot !== undefined) return await this.#send(record, boot);
      const queued = await book.update(id, (one) => acted(one, "queue", { atMs: this.#nowMs() }));
      return queued.record;
    }
    if (!isLinked) return record;
    if (record.state === "cancelling") this.#sendCancel(record);
    if (isUndelivered(record)) this.#repeat(record);
    return record;
  }

  /** A vehicle has logged in: what waited for it goes, and what it has not answered is asked again. */
  async #release(vehicle: VehicleId): Promise<void> {
    for (const record of this.#parts.book.open(vehicle)) {
      this.#resends.delete(record.id);
      await this.#goOn(record);
      if (["delivered", "executing", "unknown"].includes(record.state)) this.#repeat(record);
    }
  }

  async #send(record: CommandRecord, boot: BootFacts): Promise<CommandRecord> {
    const { order, sent } = this.#signed(record, boot);
    const { record: next, isChanged } = await this.#parts.book.update(record.id, (one) => {
      const after = acted(one, "send", { atMs: this.#nowMs() });
      return after && { ...after, sent };
    });
    // Another instance may have been first: then its bytes are the ones.
    if (isChanged) this.#command(next, order);
    return next;
  }

  #repeat(record: CommandRecord): void {
    if (record.sent === undefined) return;
    this.#command(record, fromBinary(SignedOrderSchema, Buffer.from(record.sent.order, "base64")));
  }

  #command({ id, vehicle }: CommandRecord, order: SignedOrder): void {
    const { lines, clock } = this.#parts;
    lines.command(
      vehicle,
      toBinary(DownwardSchema, create(DownwardSchema, { word: { case: "command", value: order } })),
    );
    const times = this.#resends.get(id)?.times ?? 0;
    this.#resends.set(id, { times: times + 1, dueMs: clock.uptimeMs() + resendDelayMs(times) });
  }

  #signed({ id, vehicle, type, class: name, data, issuer, deadlineAtMs }: CommandRecord, boot: BootFacts) {
    const nowMs = this.#nowMs();
    const deadlineMs = uptimeAt(boot, nowMs) + Math.max(0, deadlineAtMs - nowMs);
    const order = signCommand(
      signerFor(this.#parts.signers, "command"),
      create(CommandSchema, {
        ...{ id, vehicleId: vehicle, type, class: name, data, issuer },
        boot: Uint8Array.fromHex(boot.boot),
        deadlineUptimeMs: BigInt(Math.floor(deadlineMs)),
      }),
    );
    const sent: Sent = {
      order: Buffer.from(toBinary(SignedOrderSchema, order)).toString("base64"),
      sha256: orderSha256(order.payload).toHex(),
      ...{ boot: boot.boot, journal: boot.journal },
    };
    return { order, sent };
  }

  /** A cancel is a command of its own that leaves nothing behind; it is signed anew each time. */
  #sendCancel(record: CommandRecord): void {
    const { boots, lines, clock } = this.#parts;
    const { vehicle, id, sent } = record;
    const boot = boots.of(vehicle);
    if (boot === undefined || sent?.boot !== boot.boot) return;
    const data = JSON.stringify({ command_id: id });
    const cancel = { ...record, id: this.#id(), type: "ss_cancel", class: "config" as const, data };
    const { order } = this.#signed(cancel, boot);
    lines.command(
      vehicle,
      toBinary(DownwardSchema, create(DownwardSchema, { word: { case: "command", value: order } })),
    );
    const times = this.#resends.get(id)?.times ?? 0;
    this.#resends.set(id, { times: times + 1, dueMs: clock.uptimeMs() + resendDelayMs(times) });
  }

  async #takeEvent(vehicle: VehicleId, event: BelievedEvent): Promise<void> {
    const { book, boots, stops, lines, log } = this.#parts;
    const { commandId, number } = event;
    boots.handleJournal(vehicle, event.journal.toHex());
    const isStop = await stops.handleEvent(vehicle, event);
    if (!isStop && commandIdPattern.test(commandId)) {
      const id = commandId as CommandId;
      try {
        const { record, isChanged } = await book.update(
          id,
          (one) => one.vehicle === vehicle ? said(one, { event, atMs: this.#nowMs() }) : undefined,
        );
        if (isChanged) log.info("Command goes on", { id, vehicle, state: record.state, code: event.code });
      } catch (thrown) {
        // What is forgotten here need not be remembered there.
        if (asFault(thrown).code !== "not_found") throw thrown;
      }
    }
    const word = { case: "settled" as const, value: { commandId, number } };
    lines.command(vehicle, toBinary(DownwardSchema, create(DownwardSchema, { word })));
  }

  /** What a key stands for already: the command, or the id that it is to get. */
  async #knownUnder(key: string, wanted: Wanted): Promise<{ id: CommandId; record: CommandRecord | undefined }> {
    const { keys, book } = this.#parts;
    const { vehicle, type, data, priority, ttlMs, reason } = wanted;
    const hash = (text: string) => createHash("sha256").update(text).digest("hex");
    const mark = hash(JSON.stringify([vehicle, type, data, priority, ttlMs, reason]));
    const document = hash(`${wanted.issuer}\n${key}`);
    const id = this.#id();
    const created = await keys.create(document, JSON.stringify({ id, mark }));
    if (created !== undefined) return { id, record: undefined };
    const found = await keys.read(document);
    const known = JSON.parse(found?.text ?? "{}") as { id: CommandId; mark: string };
    if (known.mark !== mark) {
      throw new Fault("different_request", "Cannot take command: its Idempotency-Key was used for another request");
    }
    const record = await book.find(known.id).catch((thrown) => {
      if (asFault(thrown).code === "not_found") return undefined;
      throw thrown;
    });
    return { id: known.id, record };
  }

  #inTurn(vehicle: VehicleId, work: () => Promise<void>): void {
    const turn = (this.#turns.get(vehicle) ?? Promise.resolve()).then(work).catch((thrown) => {
      this.#parts.log.warn("Cannot go on with commands, trying again", { vehicle, reason: asFault(thrown).message });
    }).finally(() => {
      if (this.#turns.get(vehicle) === turn) this.#turns.delete(vehicle);
    });
    this.#turns.set(vehicle, turn);
  }

  #id(): CommandId {
    return makeCommandId(this.#nowMs(), this.#parts.random.bytes(commandIdRandomBytes));
  }

  #nowMs(): number {
    return Number(this.#parts.clock.wallNs() / 1_000_000n);
  }
}
