/**
 * The hub of the backbone: a log that behaves as a JetStream stream does (a repeat of a message id within two minutes
 * gets the place of the first; a byte cap lets the oldest go; what was confirmed is on disk), a bucket of shapes, and
 * plain messages between relay and ingest that may be lost.
 */
import type { TelemetryLane } from "#proto/class.ts";
import type { ShapeHash } from "#proto/shape.ts";
import type { LogExtent } from "#cloud/ingest/places.ts";
import type { Machine } from "./machine.ts";

/** JetStream's duplicate window. */
const duplicateWindowMs = 120_000;

/** One message of the log. */
export interface Placed {
  readonly lane: TelemetryLane;
  readonly partition: number;
  readonly sequence: number;
  readonly placedAtNs: bigint;
  readonly bytes: Uint8Array;
}

/** What a relay publishes. */
export interface Publish extends Pick<Placed, "lane" | "partition" | "bytes"> {
  readonly messageId: string;
}

/** What a relay hears from ingest, as encoded messages. */
export interface RelayEars {
  verdicts(notice: Uint8Array): void;
  owner(notice: Uint8Array): void;
}

/** What the hub tells of. */
export interface HubEvents {
  /** A message was placed; not called for repeats. */
  placed(message: Placed): void;
  repeatRecognized(): void;
  trimmed(message: Placed): void;
  stalled(): void;
}

/** See the head of this file. */
export class Hub {
  readonly shapes = new Map<ShapeHash, Uint8Array>();
  /** Proofs of sessions by session, which is random. */
  readonly proofs = new Map<string, Uint8Array>();
  /** Ears of the relays that are up, by relay and shard. */
  readonly relays = new Map<string, RelayEars>();
  /** Answers ledger requests; undefined while no ingest is up. */
  owner: ((request: Uint8Array) => Promise<Uint8Array>) | undefined;
  readonly #machine: Machine;
  readonly #events: HubEvents;
  readonly #bytesMax: number;
  readonly #messages: Placed[] = [];
  readonly #placesById = new Map<string, { sequence: number; atMs: number }>();
  #bytes = 0;
  #lastSequence = 0;
  #stalledUntilMs = 0;
  #grown = Promise.withResolvers<void>();

  constructor(machine: Machine, options: { bytesMax: number; events: HubEvents }) {
    this.#machine = machine;
    this.#bytesMax = options.bytesMax;
    this.#events = options.events;
  }

  /** What the log holds. */
  get extent(): LogExtent {
    const first = this.#messages[0]?.sequence ?? this.#lastSequence + 1;
    return { id: "log", first, last: this.#lastSequence };
  }

  get isStalled(): boolean {
    return this.#machine.time.nowMs < this.#stalledUntilMs;
  }

  /** When a message was placed; undefined when the log does not hold it. */
  placedAtNs(sequence: number): bigint | undefined {
    const [first] = this.#messages;
    return first && this.#messages[sequence - first.sequence]?.placedAtNs;
  }

  /** Resolves when something was placed after now. */
  get grown(): Promise<void> {
    return this.#grown.promise;
  }

  /** Answers nothing for so long; what is asked meanwhile is done then. */
  stall(forMs: number): void {
    this.#stalledUntilMs = Math.max(this.#stalledUntilMs, this.#machine.time.nowMs + forMs);
  }

  /** Does what was asked, now or when the hub answers again. */
  ask(work: () => void): void {
    const { time } = this.#machine;
    if (!this.isStalled) return work();
    this.#events.stalled();
    time.set(this.#stalledUntilMs - time.nowMs, () => this.ask(work));
  }

  /** Places a message, or finds the place that its id has; call it within {@link ask}. */
  place({ messageId, ...message }: Publish): number {
    const { nowMs } = this.#machine.time;
    const known = this.#placesById.get(messageId);
    if (known !== undefined && nowMs - known.atMs < duplicateWindowMs) {
      this.#events.repeatRecognized();
      return known.sequence;
    }
    const placed = { ...message, sequence: ++this.#lastSequence, placedAtNs: this.#machine.trueWallNs };
    this.#placesById.set(messageId, { sequence: placed.sequence, atMs: nowMs });
    this.#forgetIds(nowMs);
    this.#messages.push(placed);
    this.#bytes += message.bytes.byteLength;
    this.#events.placed(placed);
    this.#trim();
    this.#grown.resolve();
    this.#grown = Promise.withResolvers();
    return placed.sequence;
  }

  /** The first message of a lane behind a place. */
  next(lane: TelemetryLane, after: number): Placed | undefined {
    const messages = this.#messages;
    const first = messages.at(0);
    if (first === undefined) return undefined;
    // Sequences in the log have no holes, so a place is an index.
    for (let at = Math.max(0, after + 1 - first.sequence); at < messages.length; at++) {
      if (messages[at].lane === lane) return messages[at];
    }
    return undefined;
  }

  #forgetIds(nowMs: number): void {
    for (const [id, { atMs }] of this.#placesById) {
      if (nowMs - atMs < duplicateWindowMs) return;
      this.#placesById.delete(id);
    }
  }

  #trim(): void {
    let count = 0;
    while (this.#bytes > this.#bytesMax && count < this.#messages.length - 1) {
      const message = this.#messages[count++];
      this.#bytes -= message.bytes.byteLength;
      this.#events.trimmed(message);
    }
    if (count > 0) this.#messages.splice(0, count);
  }
}
