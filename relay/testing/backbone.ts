/** A backbone in memory whose every answer is the test's to give. */
import { Fault } from "#proto/errors.ts";
import type { VehicleId } from "#proto/ids.ts";
import type { ShapeHash } from "#proto/shape.ts";
import type { Backbone, BackboneEars, LogMessage } from "../ports.ts";

/** What was announced. */
export interface Announcement {
  readonly subject: string;
  readonly bytes: Uint8Array;
}

/** A proof of a session. */
export interface KeptProof {
  readonly vehicle: VehicleId;
  readonly session: string;
  readonly bytes: Uint8Array;
}

/** See {@link Backbone}. By default everything works and every message is placed at once. */
export class MemoryBackbone implements Backbone {
  /** Every publish that was taken, repeats included. */
  readonly published: LogMessage[] = [];
  readonly announced: Announcement[] = [];
  readonly definitions = new Map<ShapeHash, Uint8Array>();
  /** Every proof that was kept, repeats included. */
  readonly kept: KeptProof[] = [];
  /** What the log does with a message. */
  mode: "place" | "silent" | "refuse" | "disconnected" = "place";
  areShapesAway = false;
  areProofsAway = false;
  isProbeAway = false;
  /** The owners of all partitions; undefined: away. */
  owner: ((partition: number, request: Uint8Array) => Uint8Array) | undefined;
  #ears: BackboneEars | undefined;
  #placed = new Map<number, number>();

  readonly log = { publish: (message: LogMessage) => this.#publish(message) };

  readonly shapes = {
    read: (hash: ShapeHash) => answered(() => this.definitions.get(hash), { isAway: this.areShapesAway }),
    keep: (hash: ShapeHash, definition: Uint8Array) =>
      answered(() => void this.definitions.set(hash, definition), { isAway: this.areShapesAway }),
  };

  readonly proofs = {
    keep: (of: { vehicle: VehicleId; session: string }, bytes: Uint8Array) =>
      answered(() => void this.kept.push({ ...of, bytes }), { isAway: this.areProofsAway }),
  };

  listen(ears: BackboneEars): void {
    this.#ears = ears;
  }

  /** What a real backbone calls. */
  get ears(): BackboneEars {
    if (this.#ears === undefined) throw new Error("nobody listens yet");
    return this.#ears;
  }

  askLedger(partition: number, request: Uint8Array): Promise<Uint8Array> {
    if (this.owner === undefined) return Promise.reject(new Fault("deadline", "Cannot ask the owner: it is away"));
    return Promise.resolve(this.owner(partition, request));
  }

  announce(subject: string, bytes: Uint8Array): void {
    this.announced.push({ subject, bytes });
  }

  probe(): Promise<void> {
    return this.isProbeAway ? Promise.reject(new Fault("deadline", "Cannot probe: no answer")) : Promise.resolve();
  }

  /** Places a message now; a repeat gets the place of the first. */
  place(number: number): void {
    const place = this.#placed.get(number) ?? this.#placed.size + 1;
    this.#placed.set(number, place);
    this.ears.placed(number, place);
  }

  #publish(message: LogMessage): boolean {
    if (this.mode === "disconnected") return false;
    this.published.push(message);
    if (this.mode === "place") queueMicrotask(() => this.place(message.number));
    if (this.mode === "refuse") queueMicrotask(() => this.ears.refused(message.number, "no"));
    return true;
  }
}

async function answered<T>(work: () => T, { isAway }: { isAway: boolean }): Promise<T> {
  await undefined;
  if (isAway) throw new Fault("unavailable", "Cannot reach the store: it is away");
  return work();
}
