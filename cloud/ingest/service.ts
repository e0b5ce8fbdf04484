/** Drives an {@link Ingest}: commits while there are messages, and does the small periodic duties between commits. */
import type { LedgerAnswer, LedgerRequest } from "#proto/gen/systemscale/log/v1/ledger_pb.ts";
import type { QuarantineAnswer, QuarantineRequest } from "#proto/gen/systemscale/log/v1/quarantine_pb.ts";
import { asFault } from "#proto/errors.ts";
import type { TelemetryLane } from "#proto/class.ts";
import type { Clock, Log } from "#proto/ports.ts";
import { CommitPace } from "./commit_pace.ts";
import type { Ingest } from "./ingest.ts";
import { bytesOf, type LaneQueue } from "./lane_queue.ts";
import { flushIntervalMs, ownerIntervalMs, passedIntervalMs, suspendedRetryMs } from "./limits.ts";
import type { LogMessage } from "./log_message.ts";

/** What the service is given. */
export interface IngestServiceParts {
  readonly ingest: Pick<Ingest, "commit" | "flush" | "retryWaiting" | "tellPassed" | "announce" | "answer" | "decide">;
  readonly queue: LaneQueue;
  readonly clock: Clock;
  readonly log: Log;
  /** From the end of one commit to the start of the next, unless a whole group waits; 0 for a store that commits cheaply. */
  readonly commitIntervalMs: number;
}

/** One owner at work. Commits, retries, flushes and ledger answers take turns: the ledger has one owner in here too. */
export class IngestService {
  readonly #parts: IngestServiceParts;
  #turn: Promise<unknown> = Promise.resolve();
  #wake = Promise.withResolvers<void>();
  #drained = Promise.withResolvers<void>();
  /** Resolved when a whole group waits. */
  #full = Promise.withResolvers<void>();
  readonly #pace = new CommitPace();
  #nextCommitAtMs = 0;

  constructor(parts: IngestServiceParts) {
    this.#parts = parts;
  }

  /** To be called after a message was put into the queue. */
  noticeMessage(): void {
    this.#wake.resolve();
    if (this.#parts.queue.hasWholeGroup(this.#pace.bytesMax)) this.#full.resolve();
  }

  /** Resolves when the lane may be read further. */
  async whenNotFull(lane: TelemetryLane): Promise<void> {
    while (this.#parts.queue.isFull(lane)) await this.#drained.promise;
  }

  /** Answers a relay's question, between two commits. */
  async answer(request: LedgerRequest): Promise<LedgerAnswer> {
    return await this.inTurn(() => this.#parts.ingest.answer(request));
  }

  /** Decides about what was kept aside, between two commits. */
  async decide(request: QuarantineRequest): Promise<QuarantineAnswer> {
    return await this.inTurn(() => this.#parts.ingest.decide(request));
  }

  /** Works until the signal fires, then flushes once more. */
  async run(signal: AbortSignal): Promise<void> {
    const { ingest } = this.#parts;
    const stopped = Promise.withResolvers<void>();
    signal.addEventListener("abort", () => stopped.resolve(), { once: true });
    const duties = [
      this.#every(flushIntervalMs, signal, () => ingest.flush()),
      this.#every(suspendedRetryMs, signal, () => ingest.retryWaiting()),
      this.#every(passedIntervalMs, signal, () => Promise.resolve(ingest.tellPassed())),
      this.#every(ownerIntervalMs, signal, () => Promise.resolve(ingest.announce())),
    ];
    while (!signal.aborted) {
      await Promise.race([this.#wake.promise, stopped.promise]);
      this.#wake = Promise.withResolvers();
      await this.#commitAll(signal);
    }
    await Promise.all(duties);
    await this.inTurn(() => ingest.flush());
  }

  async #commitAll(signal: AbortSignal): Promise<void> {
    const { queue, clock, commitIntervalMs } = this.#parts;
    while (!queue.isEmpty()) {
      await this.#untilDue(signal);
      if (signal.aborted) return;
      const group = queue.takeGroup(this.#pace.bytesMax);
      this.#drained.resolve();
      this.#drained = Promise.withResolvers();
      await this.inTurn(() => this.#commit(group));
      this.#nextCommitAtMs = clock.uptimeMs() + commitIntervalMs;
      // A store that answers at once and a socket that always has something would keep all other sockets and all timers
      // waiting: neither goes back to the event loop.
      await clock.after(0);
    }
  }

  async #commit(group: readonly LogMessage[]): Promise<void> {
    const { ingest, clock } = this.#parts;
    const startMs = clock.uptimeMs();
    await ingest.commit(group);
    this.#pace.note(bytesOf(group), clock.uptimeMs() - startMs);
  }

  /** What comes within the interval goes into one commit, for its cost is nearly the same whatever it holds. */
  async #untilDue(signal: AbortSignal): Promise<void> {
    const { queue, clock } = this.#parts;
    const waitMs = this.#nextCommitAtMs - clock.uptimeMs();
    if (waitMs <= 0 || queue.hasWholeGroup(this.#pace.bytesMax)) return;
    this.#full = Promise.withResolvers();
    await Promise.race([clock.after(waitMs, signal).catch(() => undefined), this.#full.promise]);
  }

  async #every(intervalMs: number, signal: AbortSignal, duty: () => Promise<void>): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#parts.clock.after(intervalMs, signal);
        await this.inTurn(duty);
      } catch (error) {
        if (!signal.aborted) this.#parts.log.warn("Periodic duty failed", { error: asFault(error).message });
      }
    }
  }

  /** Does something between two commits: one at a time, in the order of the calls. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    // The next in line waits for the end of this one, however it ends; the caller gets the error.
    this.#turn = result.then(() => undefined, () => undefined);
    return result;
  }
}
