/** Reads the lanes of owned partitions from JetStream into the queue, in the order of the log. */
import { type ConsumerMessages, DeliverPolicy, type JetStreamClient } from "@nats-io/jetstream";
import { asFault } from "#proto/errors.ts";
import type { TelemetryLane } from "#proto/class.ts";
import type { Clock, Log } from "#proto/ports.ts";
import { telemetryStream, telemetrySubject } from "#proto/subjects.ts";
import type { LaneQueue } from "../lane_queue.ts";
import {
  readerBatchMessages,
  readerHeartbeatMs,
  readerPullMs,
  readerRetryMs,
  readerSilenceMs,
  readerUnusedMs,
} from "../limits.ts";
import type { Taken } from "../ownership.ts";
import { Watchdog } from "../watchdog.ts";

/** What all readers are given. */
export interface LogReaderParts {
  /** Over a connection each: what is live does not wait behind the megabytes of backfill that are on their way. */
  readonly js: Readonly<Record<TelemetryLane, JetStreamClient>>;
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
    const { js, onLaneEnd } = this.#parts;
    await this.#untilRoom(lane, signal);
    const consumer = await js[lane].consumers.get(telemetryStream, {
      filter_subjects: this.#partitions.map((partition) => telemetrySubject(lane, partition)),
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: after + 1,
      inactive_threshold: readerUnusedMs,
    });
    const { num_pending: pending } = await consumer.info(true);
    if (pending === 0) onLaneEnd(this.#tenure, { lane, sequence: after });
    const messages = await consumer.consume({
      max_messages: readerBatchMessages,
      expires: readerPullMs,
      idle_heartbeat: readerHeartbeatMs,
    });
    await this.#watched(messages, { lane, signal }, async (watchdog, turn) => {
      await this.#take(messages, { lane, pending, signal: turn }, (sequence) => {
        watchdog.feed();
        reached(sequence);
      });
    });
  }

  /**
   * Ends the messages when the signal fires, or when nothing is heard of the server. The client would ask after the
   * consumer for a minute and more, while the node that holds it is dead and another could serve.
   */
  async #watched(
    messages: ConsumerMessages,
    { lane, signal }: { lane: TelemetryLane; signal: AbortSignal },
    work: (watchdog: Watchdog, turn: AbortSignal) => Promise<void>,
  ): Promise<void> {
    const { clock, queue, log } = this.#parts;
    const watchdog = new Watchdog({ clock, limitMs: readerSilenceMs });
    const [over, silence] = [new AbortController(), new AbortController()];
    const turn = AbortSignal.any([signal, silence.signal]);
    const stop = () => messages.stop();
    if (turn.aborted) stop();
    else turn.addEventListener("abort", stop, { once: true });
    const watching = [
      feedByHeartbeats(watchdog, messages),
      watchdog.expired(over.signal).then((isExpired) => {
        if (!isExpired) return;
        if (!queue.isFull(lane)) log.warn("The log is silent, reading it anew", { lane });
        silence.abort();
      }),
    ];
    try {
      await work(watchdog, turn);
    } finally {
      over.abort();
      turn.removeEventListener("abort", stop);
      messages.stop();
      await Promise.all(watching);
    }
  }

  async #take(
    messages: ConsumerMessages,
    { lane, pending: pendingFirst, signal }: { lane: TelemetryLane; pending: number; signal: AbortSignal },
    reached: (sequence: number) => void,
  ): Promise<void> {
    const { queue, onMessage, onLaneEnd } = this.#parts;
    let pending = pendingFirst;
    for await (const message of messages) {
      const partition = Number(message.subject.slice(message.subject.lastIndexOf(".") + 1));
      const place = { lane, partition, sequence: message.seq };
      queue.push({ place, tenure: this.#tenure, placedAtNs: message.timestampNanos, bytes: message.data });
      reached(message.seq);
      onMessage();
      // Some may have left the log meanwhile: the server's word on what is left counts when it is lower.
      pending = Math.min(pending - 1, message.info.pending);
      if (pending <= 0) onLaneEnd(this.#tenure, { lane, sequence: message.seq });
      await this.#untilRoom(lane, signal);
      if (signal.aborted) return;
    }
  }

  /** Resolves when the lane may be read, or the signal fires. */
  async #untilRoom(lane: TelemetryLane, signal: AbortSignal): Promise<void> {
    if (!this.#parts.queue.isFull(lane) || signal.aborted) return;
    const stopped = Promise.withResolvers<void>();
    const stop = () => stopped.resolve();
    signal.addEventListener("abort", stop, { once: true });
    await Promise.race([this.#parts.whenNotFull(lane), stopped.promise]);
    signal.removeEventListener("abort", stop);
  }
}

/** The server's word that a consumer is there and has nothing to give; ends with the messages. */
async function feedByHeartbeats(watchdog: Watchdog, messages: ConsumerMessages): Promise<void> {
  for await (const { type } of messages.status()) if (type === "heartbeat") watchdog.feed();
}
