/**
 * When a shard that has ended is started again: at once-ish after it had run well, later and later while it keeps
 * failing, never later than a cap.
 */
import { restartDelayMaxMs, restartDelayMs, restartHealthyMs } from "./limits.ts";

/** Back-off of one shard. */
export class RestartBackoff {
  #failures = 0;

  /** How long to wait after a run of that length. */
  delayAfter(ranMs: number): number {
    this.#failures = ranMs >= restartHealthyMs ? 1 : this.#failures + 1;
    return Math.min(restartDelayMaxMs, restartDelayMs * 2 ** (this.#failures - 1));
  }
}
