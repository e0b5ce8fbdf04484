/** Sends one telemetry lane of one link: asks the outbox, reads, packs, writes, again and again. */
import type { TelemetryLane } from "#proto/class.ts";
import { Fault } from "#proto/errors.ts";
import { encodeFrame, frameKinds } from "#proto/frame.ts";
import { instantOf } from "#proto/instant.ts";
import type { LaneBudget } from "#proto/lane_budget.ts";
import type { Clock, Link, Log } from "#proto/ports.ts";
import { none, type Ranges, subtract } from "#proto/ranges.ts";
import { diskRetryMs, senderWaitMsMax } from "../limits.ts";
import type { Ring } from "../ring/ring.ts";
import { Bell } from "./bell.ts";
import type { LaneShare } from "./lane_share.ts";
import type { Outbox, OutboxStep, Run } from "./outbox.ts";
import type { Packed, Packer } from "./packer.ts";
import type { ShapesInUse, ShapeUses } from "./shape_uses.ts";

/** What both senders of a link share. */
export interface SenderParts {
  readonly link: Link;
  readonly clock: Clock;
  readonly log: Log;
  readonly ring: Ring;
  readonly outbox: Outbox;
  readonly packer: Packer;
  readonly budget: LaneBudget;
  readonly share: LaneShare;
  readonly shapes: ShapeUses;
  readonly shapesInUse: ShapesInUse;
}

/** The sender of a lane, from login to the link's end. */
export class TelemetrySender {
  readonly #lane: TelemetryLane;
  readonly #parts: SenderParts;
  readonly #bell: Bell;
  #isStopped = false;

  constructor(lane: TelemetryLane, parts: SenderParts) {
    this.#lane = lane;
    this.#parts = parts;
    this.#bell = new Bell(parts.clock);
  }

  /** Something changed: look again. */
  wake(): void {
    this.#bell.ring();
  }

  /** Finishes the batch in hand; {@link run} resolves then. */
  stop(): void {
    this.#isStopped = true;
    this.#bell.ring();
  }

  /** Sends until stopped. Rejects when the link takes no more. */
  async run(): Promise<void> {
    while (!this.#isStopped) {
      const step = this.#poll();
      if (step.kind === "send") await this.#send(step.run);
      else await this.#bell.wait(Math.min(step.untilMs, this.#parts.clock.uptimeMs() + senderWaitMsMax));
    }
  }

  #poll(): OutboxStep {
    const { budget, share, outbox, ring, clock } = this.#parts;
    const nowMs = clock.uptimeMs();
    if (budget.allowance(this.#lane) <= 0) return { kind: "wait", untilMs: Infinity };
    const asideUntilMs = this.#lane === "live" ? share.pollLive(nowMs) : undefined;
    if (asideUntilMs !== undefined) return { kind: "wait", untilMs: asideUntilMs };
    return outbox.poll(this.#lane, { nowMs, isSendable: (epoch) => ring.clockOffset(epoch) !== undefined });
  }

  async #send(run: Run): Promise<void> {
    const frames = await this.#prepare(run);
    for (const frame of frames) {
      this.#count(frame.byteLength);
      await this.#parts.link.write(this.#lane, frame);
    }
  }

  /** The frames to write, accounted for in the outbox; none when the run cannot be sent now. */
  async #prepare(run: Run): Promise<Uint8Array[]> {
    const { outbox, shapes } = this.#parts;
    try {
      const packed = await this.#pack(run);
      if (packed === undefined) return [];
      const frames = shapes.framesFor(this.#lane, packed.records);
      const { bytes, records } = packed;
      frames.push(encodeFrame(frameKinds.batch, { lane: this.#lane, payload: bytes, mustUnderstand: true }));
      outbox.handleSent(this.#lane, { last: records[records.length - 1].seq, bytes: bytes.byteLength });
      return frames;
    } catch (thrown) {
      outbox.handleUnsent(this.#lane);
      throw thrown;
    }
  }

  /** Undefined when there is nothing to send after all; the run was given back then. */
  async #pack(run: Run): Promise<Packed | undefined> {
    const { outbox, packer, shapesInUse } = this.#parts;
    let packed: Packed | undefined;
    try {
      packed = await packer.pack(run);
    } catch (thrown) {
      if (!(thrown instanceof Fault) || thrown.code !== "disk_failed") throw thrown;
      outbox.handleUnsent(this.#lane);
      await this.#waitForDisk(thrown);
      return undefined;
    }
    if (packed === undefined) outbox.handleUnsent(this.#lane, this.#held(run));
    else if (this.#isStopped) outbox.handleUnsent(this.#lane);
    else {
      for (const hash of new Set(packed.records.map((record) => record.shape.hash))) shapesInUse.handleUse(hash);
      return packed;
    }
    return undefined;
  }

  async #waitForDisk(fault: Fault): Promise<void> {
    this.#parts.log.warn("Cannot read from the ring, trying again", { lane: this.#lane, error: fault.message });
    const untilMs = this.#parts.clock.uptimeMs() + diskRetryMs;
    while (!this.#isStopped && this.#parts.clock.uptimeMs() < untilMs) await this.#bell.wait(untilMs);
  }

  /** What the ring holds of the run's epoch and class, but never its first record: that one was just not there. */
  #held(run: Run): Ranges {
    const found = this.#parts.ring.onBoard().find((one) => one.epoch === run.epoch && one.class === run.class);
    return subtract(found?.held ?? none, [{ first: run.first, last: run.first }]);
  }

  #count(bytes: number): void {
    const { budget, share, outbox, clock } = this.#parts;
    budget.handleWrite(this.#lane, bytes, instantOf(clock));
    if (this.#lane === "backfill") share.handleBackfill(bytes);
    else share.handleLive(bytes, { backfillWaits: budget.allowance("backfill") <= 0 && outbox.hasBackfill });
  }
}
