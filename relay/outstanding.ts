/**
 * Messages that went to the log and have no answer yet. Each is repeated under its number, after 2 s and then after
 * twice as long each time, and given up after the last try. Source: protocol.md section 4.5.
 *
 *     add --> waiting --- placed ------------> (gone, parts received)
 *               ^  |----- due, tries left ---> waiting
 *               '--'----- due, no tries left -> (gone, parts lost)
 */
import { publishAttemptsMax, republishAfterMs } from "./limits.ts";
import type { LogMessage } from "./ports.ts";
import type { Bundle } from "./router.ts";

interface Waiting<Part> {
  readonly message: LogMessage;
  readonly parts: readonly Part[];
  attempts: number;
  dueAtMs: number;
}

/** What is due. */
export interface Due<Part> {
  /** To publish again. */
  readonly repeat: readonly LogMessage[];
  /** Parts of the messages that were given up. */
  readonly lost: readonly Part[];
}

/** The unanswered messages of one shard. Times are uptime in ms. */
export class Outstanding<Part> {
  readonly #waiting = new Map<number, Waiting<Part>>();
  #bytes = 0;
  #nextNumber = 1;

  get count(): number {
    return this.#waiting.size;
  }

  /** Bytes kept until the log has them. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Keeps a bundle and numbers it; the caller publishes the message now, for the first time. */
  add(bundle: Bundle<Part>, nowMs: number): LogMessage {
    const { lane, partition, bytes, parts } = bundle;
    const message = { number: this.#nextNumber++, lane, partition, bytes };
    this.#waiting.set(message.number, { message, parts, attempts: 1, dueAtMs: nowMs + republishAfterMs });
    this.#bytes += bytes.byteLength;
    return message;
  }

  /** The log holds a message: gives its lane and parts once, undefined when it was answered or given up before. */
  handlePlaced(number: number): Waiting<Part> | undefined {
    const waiting = this.#waiting.get(number);
    if (waiting !== undefined) this.#drop(waiting);
    return waiting;
  }

  /** What must be repeated or given up by now. */
  poll(nowMs: number): Due<Part> {
    const repeat: LogMessage[] = [];
    const lost: Part[] = [];
    for (const waiting of this.#waiting.values()) {
      if (nowMs < waiting.dueAtMs) continue;
      if (waiting.attempts >= publishAttemptsMax) {
        this.#drop(waiting);
        lost.push(...waiting.parts);
        continue;
      }
      waiting.dueAtMs = nowMs + republishAfterMs * 2 ** waiting.attempts;
      waiting.attempts += 1;
      repeat.push(waiting.message);
    }
    return { repeat, lost };
  }

  /** The way to the log is open again: what has been repeated before need not sit out its wait. */
  hurry(nowMs: number): void {
    for (const waiting of this.#waiting.values()) {
      if (waiting.attempts > 1) waiting.dueAtMs = Math.min(waiting.dueAtMs, nowMs);
    }
  }

  #drop(waiting: Waiting<Part>): void {
    this.#waiting.delete(waiting.message.number);
    this.#bytes -= waiting.message.bytes.byteLength;
  }
}
