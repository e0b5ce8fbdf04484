/** A backbone in memory whose every answer is the test's to give. */
import { Fault } from "#proto/errors.ts";
import type { ShapeHash } from "#proto/shape.ts";
import type { Backbone, BackboneEars, LogMessage } from "../ports.ts";

/** What was announced. */
export interface Announcement {
  readonly subject: string;
  readonly bytes: Uint8Array;
}

/** See {@link Backbone}. By default everything works and every message is placed at once. */
export class MemoryBackbone implements Backbone {
  /** Every publish that was taken, repeats included. */
  readonly published: LogMessage[] = [];
  readonly announced: Announcement[] = [];
  readonly definitions = new Map<ShapeHash, Uint8Array>();
  /** What the log does with a message. */
  mode: "place" | "silent" | "refuse" | "disconnected" = "place";
  isStoreAway = false;
  isProbeAway = false;
  /** The owners of all partitions; undefined: away. */
  owner: ((partition: number, request: Uint8Array) => Uint8Array) | undefined;
  #ears: BackboneEars | undefined;
  #placed = new Map<number, number>();

  readonly log = { publish: (message: LogMessage) => this.#publish(message) };

  readonly shapes = {
    read: (hash: ShapeHash) => this.#store(() => this.definitions.get(hash)),
    keep: (hash: ShapeHash, definition: Uint8Array) => this.#store(() => void this.definitions.set(hash, definition)),
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

  async #store<T>(work: () => T): Promise<T> {
    await undefined;
    if (this.isStoreAway) throw new Fault("unavailable", "Cannot reach the store: it is away");
    return work();
  }
}
