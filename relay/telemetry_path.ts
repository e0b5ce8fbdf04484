/**
 * The way of telemetry through the relay: batches in, bundles out, and the answer of the log back to each session.
 * Bytes that the log does not have yet are kept; above a bound the relay stops reading. Source: protocol.md section 4.5.
 *
 *     takeBatch -> Router -> publish -> Outstanding -- placed --> owner.handleReceived
 *                                           `------- given up --> owner.handleLost
 */
import type { RelayHeader } from "#proto/bundle.ts";
import type { TelemetryLane } from "#proto/class.ts";
import type { Clock } from "#proto/ports.ts";
import type { Counters } from "./counters.ts";
import { Outstanding } from "./outstanding.ts";
import type { LogMessage, TelemetryLog } from "./ports.ts";
import type { Readiness } from "./readiness.ts";
import { type Address, type Bundle, Router } from "./router.ts";
import type { SeqRun } from "./session.ts";

/** Who sent a batch and hears what became of it. */
export interface BatchOwner {
  handleReceived(run: SeqRun, at: { lane: TelemetryLane; place: number }): void;
  handleLost(run: SeqRun): void;
}

/** One batch of a bundle. */
export interface BatchPart extends SeqRun {
  readonly owner: BatchOwner;
}

/** What the path is made of. */
export interface TelemetryPathOptions {
  readonly log: TelemetryLog;
  readonly clock: Clock;
  readonly readiness: Readiness;
  readonly counters: Counters;
  readonly heldBytesMax: number;
}

/** The path of one shard. */
export class TelemetryPath {
  readonly #options: TelemetryPathOptions;
  readonly #router = new Router<BatchPart>();
  readonly #outstanding = new Outstanding<BatchPart>();
  #room: PromiseWithResolvers<void> | undefined;
  #empty: PromiseWithResolvers<void> | undefined;
  #pumpIsDue = false;
  #timerIsSet = false;

  constructor(options: TelemetryPathOptions) {
    this.#options = options;
  }

  /** Bytes read that the log does not have yet. */
  get heldBytes(): number {
    return this.#router.bytes + this.#outstanding.bytes;
  }

  /** Messages without an answer. */
  get unanswered(): number {
    return this.#outstanding.count;
  }

  /** Puts a definition before the next batch of its row, with which it goes. */
  takeShape(address: Address, definition: Uint8Array): void {
    this.#router.add(address, { kind: "shape", definition });
  }

  /** Takes a batch; its bytes are copied. */
  takeBatch(address: Address, batch: { header: RelayHeader; bytes: Uint8Array; part: BatchPart }): void {
    this.#router.add(address, { kind: "batch", header: batch.header, batch: batch.bytes }, batch.part);
    this.#pumpSoon();
  }

  /** Undefined while there is room; else what to wait for before reading on. */
  room(): Promise<void> | undefined {
    if (this.heldBytes < this.#options.heldBytesMax) return undefined;
    this.#room ??= Promise.withResolvers();
    return this.#room.promise;
  }

  /** The log holds a message. */
  handlePlaced(number: number, place: number): void {
    const waiting = this.#outstanding.handlePlaced(number);
    if (waiting === undefined) return;
    this.#options.readiness.handlePlaced(this.#outstanding.count, this.#options.clock.uptimeMs());
    const { lane } = waiting.message;
    for (const part of waiting.parts) part.owner.handleReceived(part, { lane, place });
    this.#tellRoom();
  }

  /** Repeats what has waited too long; call it several times a second. */
  handleTick(): void {
    const nowMs = this.#options.clock.uptimeMs();
    const { repeat, lost } = this.#outstanding.poll(nowMs);
    for (const message of repeat) this.#publish(message, nowMs);
    this.#options.counters.republished += repeat.length;
    this.#options.counters.lostBatches += lost.length;
    for (const part of lost) part.owner.handleLost(part);
    if (lost.length > 0 && this.#outstanding.count === 0) this.#options.readiness.handleGivenUp(nowMs);
    this.#tellRoom();
  }

  /** The log answers again after a pause. */
  hurry(): void {
    this.#outstanding.hurry(this.#options.clock.uptimeMs());
  }

  /** Sends what is packed, full or not, and resolves when the log has everything, or nothing hopes for it any more. */
  async flush(): Promise<void> {
    this.#send(this.#router.poll(this.#options.clock.uptimeMs(), { all: true }));
    if (this.heldBytes === 0) return;
    this.#empty ??= Promise.withResolvers();
    await this.#empty.promise;
  }

  /** One pump for all that one chunk, or several in the same turn, brought. */
  #pumpSoon(): void {
    if (this.#pumpIsDue) return;
    this.#pumpIsDue = true;
    queueMicrotask(() => {
      this.#pumpIsDue = false;
      this.#pump();
    });
  }

  #pump(): void {
    const nowMs = this.#options.clock.uptimeMs();
    this.#send(this.#router.poll(nowMs));
    const dueAtMs = this.#router.dueAtMs();
    if (dueAtMs === undefined || this.#timerIsSet) return;
    this.#timerIsSet = true;
    this.#options.clock.after(Math.max(0, dueAtMs - nowMs)).then(() => {
      this.#timerIsSet = false;
      this.#pump();
    });
  }

  #send(bundles: readonly Bundle<BatchPart>[]): void {
    const nowMs = this.#options.clock.uptimeMs();
    for (const bundle of bundles) {
      this.#options.counters.bundles[bundle.lane] += 1;
      this.#options.counters.bundleBytes[bundle.lane] += bundle.bytes.byteLength;
      this.#publish(this.#outstanding.add(bundle, nowMs), nowMs);
    }
  }

  /** A message that is not taken is simply one without an answer: its next try comes by the same clock. */
  #publish(message: LogMessage, nowMs: number): void {
    this.#options.readiness.handlePublished(nowMs);
    if (!this.#options.log.publish(message)) this.#options.counters.unpublished += 1;
  }

  #tellRoom(): void {
    const held = this.heldBytes;
    if (this.#room !== undefined && held < this.#options.heldBytesMax) {
      this.#room.resolve();
      this.#room = undefined;
    }
    if (this.#empty !== undefined && held === 0) {
      this.#empty.resolve();
      this.#empty = undefined;
    }
  }
}
