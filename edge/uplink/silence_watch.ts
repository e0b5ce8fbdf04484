/**
 * Finds out within two seconds or so that nothing comes back over a link any more, long before the link counts as dead.
 * Pure. What the relay reads it reports within a tenth of a second; where that fails to come, it is asked by a ping.
 *
 *     heard -- something is on its way, and silence for silenceAskMs --> ask: a ping --> asked
 *     asked -- anything comes --> heard
 *     asked -- silence for silenceAnswerMs and some round trips --> silent, told once in silenceAgainMs
 */
import { silenceAgainMs, silenceAnswerMs, silenceAnswerRoundTrips, silenceAskMs } from "../limits.ts";

/** The watch over one link. Times are uptime in ms. */
export class SilenceWatch {
  #heardMs: number;
  /** The first ping since anything was heard. */
  #askedMs: number | undefined;
  #notBeforeMs = -Infinity;

  constructor(nowMs: number) {
    this.#heardMs = nowMs;
  }

  /** Anything came. */
  handleBytes(nowMs: number): void {
    this.#heardMs = nowMs;
    this.#askedMs = undefined;
  }

  /** A ping was sent, for whatever reason. */
  handlePing(nowMs: number): void {
    this.#askedMs ??= nowMs;
  }

  /** `isAwaited`: something was sent that the relay has not reported yet. */
  poll(
    { nowMs, isAwaited, rttMs = 0 }: { nowMs: number; isAwaited: boolean; rttMs?: number },
  ): "ask" | "silent" | "well" {
    if (this.#askedMs === undefined) {
      return isAwaited && nowMs - this.#heardMs >= silenceAskMs + rttMs ? "ask" : "well";
    }
    const isLate = nowMs - this.#askedMs >= silenceAnswerMs + silenceAnswerRoundTrips * rttMs;
    if (!isLate || nowMs < this.#notBeforeMs) return "well";
    this.#notBeforeMs = nowMs + silenceAgainMs;
    return "silent";
  }
}
