/** Whoever waits for a disk that is silent is told so in time. */
import type { Clock } from "#proto/ports.ts";
import { ringAnswerMs } from "../limits.ts";
import { pause } from "../pause.ts";

/** What {@link LateAnswers} needs. */
export interface LateAnswersOptions {
  readonly clock: Clock;
  /** Ends the watch. */
  readonly signal: AbortSignal;
  /** When the oldest append came that has no answer, by uptime; undefined when all have one. */
  readonly oldestMs: () => number | undefined;
  /** Answers every append that came at that uptime or before. */
  readonly answer: (sinceMs: number) => void;
}

/** Watches the appends without an answer; sleeps while there are none. */
export class LateAnswers {
  readonly #options: LateAnswersOptions;
  #running: Promise<void> | undefined;

  constructor(options: LateAnswersOptions) {
    this.#options = options;
  }

  /** To be called after each append. */
  watch(): void {
    this.#running ??= this.#run();
  }

  async #run(): Promise<void> {
    const { clock, signal, oldestMs, answer } = this.#options;
    for (let sinceMs = oldestMs(); sinceMs !== undefined; sinceMs = oldestMs()) {
      if (!await pause(clock, { delayMs: sinceMs + ringAnswerMs - clock.uptimeMs(), signal })) break;
      answer(clock.uptimeMs() - ringAnswerMs);
    }
    this.#running = undefined;
  }
}
