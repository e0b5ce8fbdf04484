/** Looks for damage in segments that nobody has asked for yet: while it can still be named before the cloud asks. */
import { asFault } from "#proto/errors.ts";
import type { Clock, Disk, Log } from "#proto/ports.ts";
import { ringScrubBytesPerSecond, ringScrubRoundMs, ringScrubWaitMs } from "../limits.ts";
import { pause } from "../pause.ts";
import { type Board, isSettled, type Segment, seriesOf } from "./board.ts";
import type { Gap } from "./own_frames.ts";
import { findDamage } from "./reader.ts";

/** What {@link Scrub} needs. */
export interface ScrubOptions {
  readonly disk: Disk;
  readonly board: Board;
  readonly log: Log;
  /** Segments that are being written. */
  readonly open: () => ReadonlySet<Segment>;
  /** Called with each range that cannot be read. */
  readonly onDamage: (gap: Gap) => void;
}

/** When {@link Scrub.run} works. */
export interface ScrubTimes {
  readonly clock: Clock;
  /** Ends it. */
  readonly signal: AbortSignal;
  /** Whether somebody waits for the disk. */
  readonly isBusy: () => boolean;
}

/** Goes round over the segments, oldest first. */
export class Scrub {
  readonly #options: ScrubOptions;
  /** Number of the segment that was read last. */
  #doneTo = 0;

  constructor(options: ScrubOptions) {
    this.#options = options;
  }

  /** Goes round until the signal: slowly, and never while somebody waits for the disk. */
  async run({ clock, signal, isBusy }: ScrubTimes): Promise<void> {
    let delayMs = ringScrubWaitMs;
    while (await pause(clock, { delayMs, signal })) {
      const bytes = isBusy() ? undefined : await this.step();
      if (bytes === undefined) delayMs = ringScrubWaitMs;
      else delayMs = bytes === 0 ? ringScrubRoundMs : bytes / ringScrubBytesPerSecond * 1000;
    }
  }

  /** Reads the next segment without verdicts for all of it; returns its bytes, 0 at the end of a round. Never rejects. */
  async step(): Promise<number> {
    const { disk, log, onDamage } = this.#options;
    const segment = this.#next();
    this.#doneTo = segment?.header.id ?? 0;
    if (segment === undefined) return 0;
    const { epoch, class: className } = segment.header;
    try {
      for (const range of await findDamage(disk, segment)) {
        onDamage({ epoch, class: className, range, cause: "damaged" });
      }
    } catch (thrown) {
      // A disk that does not let us read says nothing of the bytes: they are looked at again in the next round.
      log.warn("ring cannot look through a segment", { name: segment.name, reason: asFault(thrown).message });
    }
    return segment.bytes;
  }

  #next(): Segment | undefined {
    const { board } = this.#options;
    const open = this.#options.open();
    return board.segments().find((segment) =>
      segment.header.id > this.#doneTo && !open.has(segment) && !isSettled(segment, seriesOf(board, segment))
    );
  }
}
