/**
 * Messages of the log on their way into commits: one queue per lane, bounded in bytes. A commit takes live before
 * backfill. While both wait, backfill has its share of the commit and no more, however little there is of live: so a
 * vehicle's past comes through, and what is live is not kept waiting by it.
 */
import type { TelemetryLane } from "#proto/class.ts";
import { backfillShare, queueBytesMax } from "./limits.ts";
import type { LogMessage } from "./log_message.ts";

interface Queue {
  messages: LogMessage[];
  bytes: number;
}

/** See the head of this file. */
export class LaneQueue {
  readonly #queues: Record<TelemetryLane, Queue> = {
    live: { messages: [], bytes: 0 },
    backfill: { messages: [], bytes: 0 },
  };

  push(message: LogMessage): void {
    const queue = this.#queues[message.place.lane];
    queue.messages.push(message);
    queue.bytes += message.bytes.byteLength;
  }

  /** Whether a lane should not be read further for now. */
  isFull(lane: TelemetryLane): boolean {
    return this.#queues[lane].bytes >= queueBytesMax;
  }

  isEmpty(): boolean {
    return this.#queues.live.bytes === 0 && this.#queues.backfill.bytes === 0;
  }

  /** Whether a commit of so many bytes can be filled. */
  hasWholeGroup(bytesMax: number): boolean {
    return this.#queues.live.bytes + this.#queues.backfill.bytes >= bytesMax;
  }

  /** The messages of a commit of so many bytes, live first, each lane in the order of the log. */
  takeGroup(bytesMax: number): LogMessage[] {
    const { live, backfill } = this.#queues;
    if (live.bytes === 0) return take(backfill, bytesMax);
    const share = Math.min(backfill.bytes, bytesMax * backfillShare);
    return [...take(live, bytesMax - share), ...take(backfill, share)];
  }
}

/** Bytes of messages together. */
export function bytesOf(messages: readonly LogMessage[]): number {
  return messages.reduce((sum, { bytes }) => sum + bytes.byteLength, 0);
}

/** Takes messages from the front while they fit; at least one, or a large message would wait for ever. */
function take(queue: Queue, bytesMax: number): LogMessage[] {
  let [count, bytes] = [0, 0];
  for (const message of queue.messages) {
    if (count > 0 && bytes + message.bytes.byteLength > bytesMax) break;
    bytes += message.bytes.byteLength;
    count++;
  }
  queue.bytes -= bytes;
  return queue.messages.splice(0, count);
}
