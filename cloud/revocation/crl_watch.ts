/**
 * Watches lists of revoked certificates and hints when one is another than before: relays then fetch it at once and judge
 * it themselves. So nothing is checked here, and whoever stops or forges a hint gains no more than the time until the
 * relay's own next look. Source: protocol.md section 3.
 *
 *     look -- another list, or the first --> hint, and again with the next looks
 *          |- the same --> nothing
 *          `- no list  --> nothing; a longer pause
 */
import { createHash } from "node:crypto";
import { asFault, Fault } from "#proto/errors.ts";
import { crlFetchTimeoutMs } from "#proto/limits.ts";
import type { Clock, CrlSource, Log } from "#proto/ports.ts";
import { within } from "#proto/within.ts";
import { hintRepeats, watchRetryMs } from "./limits.ts";

/** A list that is watched. */
export interface WatchedList {
  /** For people: its address. */
  readonly name: string;
  readonly source: CrlSource;
}

/** What a {@link CrlWatch} is made of. */
export interface CrlWatchParts {
  readonly lists: readonly WatchedList[];
  readonly pollMs: number;
  /** Tells every relay that there is news. */
  readonly hint: () => void;
  readonly clock: Clock;
  readonly log: Log;
}

/** See the head of this file. */
export class CrlWatch {
  /** Looks by what came of them: `new`, `same`, or a code. */
  readonly looks = new Map<string, number>();
  hints = 0;
  readonly #parts: CrlWatchParts;
  readonly #unreachable = new Set<WatchedList>();

  constructor(parts: CrlWatchParts) {
    this.#parts = parts;
  }

  /** How many lists could not be had at the last look. */
  get unreachable(): number {
    return this.#unreachable.size;
  }

  /** Watches until the signal fires. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#parts.lists.map((list) => this.#watch(list, signal)));
  }

  async #watch(list: WatchedList, signal: AbortSignal): Promise<void> {
    const { clock, pollMs } = this.#parts;
    let known: string | undefined;
    let hintsLeft = 0;
    while (!signal.aborted) {
      const seen = await this.#look(list, signal);
      if (seen !== undefined) {
        this.#count(seen === known ? "same" : "new");
        if (seen !== known) hintsLeft = 1 + hintRepeats;
        known = seen;
      }
      if (hintsLeft > 0) {
        hintsLeft -= 1;
        this.#hint();
      }
      const pauseMs = seen === undefined ? Math.max(pollMs, watchRetryMs) : pollMs;
      await clock.after(pauseMs, signal).catch(() => undefined);
    }
  }

  /** What tells this list from others; undefined when there was none. */
  async #look(list: WatchedList, signal: AbortSignal): Promise<string | undefined> {
    const { clock, log } = this.#parts;
    const over = new AbortController();
    try {
      const bytes = await within(list.source.fetch(AbortSignal.any([signal, over.signal])), {
        clock,
        limitMs: crlFetchTimeoutMs,
        fault: () => new Fault("deadline", `Cannot fetch CRL "${list.name}": it took over ${crlFetchTimeoutMs} ms`),
      });
      if (this.#unreachable.delete(list)) {
        log.info("The list of revoked certificates is there again", { list: list.name });
      }
      return createHash("sha256").update(bytes).digest("hex");
    } catch (thrown) {
      const { code, message } = asFault(thrown);
      this.#count(code);
      if (!this.#unreachable.has(list) && !signal.aborted) {
        log.warn("Cannot watch a list of revoked certificates", { list: list.name, code, reason: message });
      }
      this.#unreachable.add(list);
      return undefined;
    } finally {
      over.abort();
    }
  }

  #hint(): void {
    this.hints += 1;
    this.#parts.hint();
  }

  #count(outcome: string): void {
    this.looks.set(outcome, (this.looks.get(outcome) ?? 0) + 1);
  }
}
