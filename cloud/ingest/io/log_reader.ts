/** Reads the lanes of owned partitions from JetStream into the queue, in the order of the log, for ever. */
import { DeliverPolicy, type JetStreamClient } from "@nats-io/jetstream";
import { asFault } from "#proto/errors.ts";
import type { TelemetryLane } from "#proto/class.ts";
import type { Clock, Log } from "#proto/ports.ts";
import { telemetryStream, telemetrySubject } from "#proto/subjects.ts";
import type { LaneQueue } from "../lane_queue.ts";
import { readerBatchBytes, readerRetryMs } from "../limits.ts";

/** What a reader is given. */
export interface LogReaderOptions {
  readonly js: JetStreamClient;
  readonly queue: LaneQueue;
  readonly partitions: readonly number[];
  readonly clock: Clock;
  readonly log: Log;
  /** Called after each message that came. */
  readonly onMessage: () => void;
  /** Called once all that lay in the lane when its reader began has come: it ends at that place. */
  readonly onEnd: (lane: TelemetryLane, sequence: number) => void;
  /** Resolves when the lane may be read further. */
  readonly whenNotFull: (lane: TelemetryLane) => Promise<void>;
  readonly signal: AbortSignal;
}

/**
 * Reads one lane until the signal fires. The position is ours (the store keeps it), so the consumer is an ordered one
 * without acknowledgements, made anew behind the last message whenever it ends.
 */
export async function readLane(lane: TelemetryLane, after: number, options: LogReaderOptions): Promise<void> {
  let last = after;
  while (!options.signal.aborted) {
    try {
      last = await readOn(lane, last, options, (sequence) => last = sequence);
    } catch (error) {
      options.log.warn("Cannot read the log", { lane, after: last, error: asFault(error).message });
    }
    if (!options.signal.aborted) await options.clock.after(readerRetryMs);
  }
}

async function readOn(
  lane: TelemetryLane,
  after: number,
  { js, queue, partitions, signal, onMessage, onEnd, whenNotFull }: LogReaderOptions,
  reached: (sequence: number) => void,
): Promise<number> {
  const consumer = await js.consumers.get(telemetryStream, {
    filter_subjects: partitions.map((partition) => telemetrySubject(lane, partition)),
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: after + 1,
  });
  let pending = (await consumer.info(true)).num_pending;
  if (pending === 0) onEnd(lane, after);
  const messages = await consumer.consume({ max_bytes: readerBatchBytes });
  const stop = () => messages.stop();
  signal.addEventListener("abort", stop, { once: true });
  let last = after;
  try {
    for await (const message of messages) {
      const partition = Number(message.subject.slice(message.subject.lastIndexOf(".") + 1));
      const place = { lane, partition, sequence: message.seq };
      queue.push({ place, placedAtNs: message.timestampNanos, bytes: message.data });
      last = message.seq;
      reached(last);
      onMessage();
      // Some may have left the log meanwhile: the server's word on what is left counts when it is lower.
      pending = Math.min(pending - 1, message.info.pending);
      if (pending <= 0) onEnd(lane, last);
      if (queue.isFull(lane)) await whenNotFull(lane);
    }
  } finally {
    signal.removeEventListener("abort", stop);
  }
  return last;
}
