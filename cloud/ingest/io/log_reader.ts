/** Reads the lanes of owned partitions from JetStream into the queue, in the order of the log. */
import { DeliverPolicy, type JetStreamClient } from "@nats-io/jetstream";
import { asFault } from "#proto/errors.ts";
import type { TelemetryLane } from "#proto/class.ts";
import type { Clock, Log } from "#proto/ports.ts";
import { telemetryStream, telemetrySubject } from "#proto/subjects.ts";
import type { LaneQueue } from "../lane_queue.ts";
import { readerBatchBytes, readerRetryMs } from "../limits.ts";
import type { Taken } from "../ownership.ts";

/** What all readers are given. */
export interface LogReaderParts {
  readonly js: JetStreamClient;
  readonly queue: LaneQueue;
  readonly clock: Clock;
  readonly log: Log;
  /** Called after each message that came. */
  readonly onMessage: () => void;
  /** Called once all that lay in the lane when its reader began has come: it ends at that place. */
  readonly onLaneEnd: (tenure: number, end: { lane: TelemetryLane; sequence: number }) => void;
  /** Resolves when the lane may be read further. */
  readonly whenNotFull: (lane: TelemetryLane) => Promise<void>;
}

/**
 * Reads the partitions of one tenure until none is left. The position is ours (the store keeps it), so the consumers are
 * ordered ones without acknowledgements, made anew behind the last message whenever they end.
 */
export class LogReader {
  readonly #parts: LogReaderParts;
  readonly #tenure: number;
  #partitions: readonly number[];
  /** Ends the consumers that are there now. */
  #turn = new AbortController();
  /** Resolves when nothing is read any more. */
  readonly ended: Promise<void>;

  constructor({ tenure, partitions, from }: Taken, parts: LogReaderParts) {
    this.#parts = parts;
    this.#tenure = tenure;
    this.#partitions = partitions;
    const lanes = [this.#readLane("live", from.live), this.#readLane("backfill", from.backfill)];
    this.ended = Promise.all(lanes).then(() => undefined);
  }

  /** Reads these no longer. */
  drop(partitions: readonly number[]): void {
    const left = this.#partitions.filter((partition) => !partitions.includes(partition));
    if (left.length === this.#partitions.length) return;
    this.#partitions = left;
    const turn = this.#turn;
    this.#turn = new AbortController();
    turn.abort();
  }

  async #readLane(lane: TelemetryLane, after: number): Promise<void> {
    const { clock, log } = this.#parts;
    let last = after;
    while (this.#partitions.length > 0) {
      const { signal } = this.#turn;
      try {
        await this.#readOn({ lane, after: last, signal }, (sequence) => last = sequence);
      } catch (error) {
        log.warn("Cannot read the log", { lane, after: last, error: asFault(error).message });
      }
      if (!signal.aborted) await clock.after(readerRetryMs, signal).catch(() => undefined);
    }
  }

  async #readOn(
    { lane, after, signal }: { lane: TelemetryLane; after: number; signal: AbortSignal },
    reached: (sequence: number) => void,
  ): Promise<void> {
    const { js, queue, onMessage, onLaneEnd, whenNotFull } = this.#parts;
    const consumer = await js.consumers.get(telemetryStream, {
      filter_subjects: this.#partitions.map((partition) => telemetrySubject(lane, partition)),
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: after + 1,
    });
    let pending = (await consumer.info(true)).num_pending;
    if (pending === 0) onLaneEnd(this.#tenure, { lane, sequence: after });
    const messages = await consumer.consume({ max_bytes: readerBatchBytes });
    const stopped = Promise.withResolvers<void>();
    const stop = () => {
      messages.stop();
      stopped.resolve();
    };
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
    try {
      for await (const message of messages) {
        const partition = Number(message.subject.slice(message.subject.lastIndexOf(".") + 1));
        const place = { lane, partition, sequence: message.seq };
        queue.push({ place, tenure: this.#tenure, placedAtNs: message.timestampNanos, bytes: message.data });
        reached(message.seq);
        onMessage();
        // Some may have left the log meanwhile: the server's word on what is left counts when it is lower.
        pending = Math.min(pending - 1, message.info.pending);
        if (pending <= 0) onLaneEnd(this.#tenure, { lane, sequence: message.seq });
        if (queue.isFull(lane)) await Promise.race([whenNotFull(lane), stopped.promise]);
        if (signal.aborted) return;
      }
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }
}
