/** Stops and their release: sent at once, said again until the vehicle acknowledges, and at every login. */
import { create, toBinary } from "@bufbuild/protobuf";
import type { BelievedEvent } from "#proto/command_event.ts";
import { commandIdRandomBytes, makeCommandId } from "#proto/command_id.ts";
import { asFault, Fault } from "#proto/errors.ts";
import { DownwardSchema, StopSchema } from "#proto/gen/systemscale/command/v1/command_pb.ts";
import { parseVehicleId, type VehicleId } from "#proto/ids.ts";
import { signStop } from "#proto/order.ts";
import type { Clock, Log, Random } from "#proto/ports.ts";
import type { DocumentStore } from "../lib/documents/documents.ts";
import { stopResendMs } from "./limits.ts";
import type { VehicleLines } from "./ports.ts";
import { signerFor, type Signers } from "./signers.ts";
import {
  acknowledged,
  isStopped,
  nextStop,
  overruled,
  readStop,
  renumbered,
  type StopRecord,
  stopText,
  type StopWish,
} from "./stop_record.ts";

/** What {@link StopDesk} works with. */
export interface StopDeskParts {
  readonly documents: DocumentStore;
  readonly lines: VehicleLines;
  readonly signers: Signers;
  readonly isLinked: (vehicle: VehicleId) => boolean;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** See the head of this file. */
export class StopDesk {
  readonly #parts: StopDeskParts;
  readonly #records = new Map<VehicleId, StopRecord>();
  /** When each that is not acknowledged was last sent, on the local uptime. */
  readonly #sentMs = new Map<VehicleId, number>();

  constructor(parts: StopDeskParts) {
    this.#parts = parts;
  }

  /** Copies what is there, and from then on every change. Called once. */
  async load(): Promise<void> {
    await this.#parts.documents.watch(({ key, text }) => {
      try {
        this.#take(parseVehicleId(key), readStop(text));
      } catch (thrown) {
        this.#parts.log.error("Cannot read a stop", { vehicle: key, reason: asFault(thrown).message });
      }
    });
  }

  of(vehicle: VehicleId): StopRecord | undefined {
    return this.#records.get(vehicle);
  }

  isStopped(vehicle: VehicleId): boolean {
    return isStopped(this.of(vehicle));
  }

  /**
   * Stops a vehicle, or releases it: sent before anything is written down. Rejects with `unavailable` when it could not be
   * written down, or signed; what was sent stays sent. A release of what is not stopped is `wrong_state`.
   */
  async want(vehicle: VehicleId, wish: Omit<StopWish, "id">): Promise<StopRecord> {
    const before = this.of(vehicle);
    if (wish.isRelease && !isStopped(before)) {
      throw new Fault("wrong_state", `Cannot release "${vehicle}": it is not stopped`);
    }
    const record = nextStop(vehicle, { before, wish: { ...wish, id: this.#id() }, nowMs: this.#nowMs() });
    this.#take(vehicle, record);
    this.#send(record);
    await this.#parts.documents.put(vehicle, stopText(record));
    return record;
  }

  /** The vehicle has said something of a stop. True: it was about one of ours. */
  async handleEvent(vehicle: VehicleId, { commandId, state, code, stopNumber }: BelievedEvent): Promise<boolean> {
    const record = this.of(vehicle);
    if (record === undefined || record.id !== commandId) return false;
    if (record.acknowledgedAtMs !== undefined) return true;
    const next = this.#after(record, { isDone: state === "succeeded", code, known: stopNumber });
    if (next === undefined) return true;
    this.#take(vehicle, next);
    if (next.acknowledgedAtMs === undefined) this.#send(next);
    await this.#parts.documents.put(vehicle, stopText(next));
    return true;
  }

  #after(
    record: StopRecord,
    { isDone, code, known }: { isDone: boolean; code: string; known: bigint },
  ): StopRecord | undefined {
    const atMs = this.#nowMs();
    if (isDone) return acknowledged(record, atMs);
    if (code !== "stop_number") return undefined;
    return record.isRelease ? overruled(record, { known, atMs }) : renumbered(record, { id: this.#id(), known });
  }

  /** A vehicle has logged in: what is in force is said to it again, acknowledged or not. */
  handleLogin(vehicle: VehicleId): void {
    const record = this.of(vehicle);
    if (record !== undefined && (isStopped(record) || record.acknowledgedAtMs === undefined)) this.#send(record);
  }

  /** What was not acknowledged is sent again. */
  tick(): void {
    const nowMs = this.#parts.clock.uptimeMs();
    for (const [vehicle, sentMs] of this.#sentMs) {
      const record = this.of(vehicle);
      if (record === undefined || nowMs - sentMs < stopResendMs || !this.#parts.isLinked(vehicle)) continue;
      this.#send(record);
    }
  }

  #take(vehicle: VehicleId, record: StopRecord): void {
    this.#records.set(vehicle, record);
    if (record.acknowledgedAtMs !== undefined) this.#sentMs.delete(vehicle);
    else if (!this.#sentMs.has(vehicle)) this.#sentMs.set(vehicle, -Infinity);
  }

  #send({ vehicle, id, number, isRelease, issuer, acknowledgedAtMs }: StopRecord): void {
    const { signers, lines, clock } = this.#parts;
    const signer = signerFor(signers, isRelease ? "release" : "stop");
    const stop = create(StopSchema, { id, vehicleId: vehicle, number, issuer, release: isRelease });
    const word = { case: "stop" as const, value: signStop(signer, stop) };
    lines.stop(vehicle, toBinary(DownwardSchema, create(DownwardSchema, { word })));
    if (acknowledgedAtMs === undefined) this.#sentMs.set(vehicle, clock.uptimeMs());
  }

  #id(): string {
    return makeCommandId(this.#nowMs(), this.#parts.random.bytes(commandIdRandomBytes));
  }

  #nowMs(): number {
    return Number(this.#parts.clock.wallNs() / 1_000_000n);
  }
}
