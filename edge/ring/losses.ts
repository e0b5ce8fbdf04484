/**
 * Records on board that cannot be read any more, from being found to being named by a durable gap record.
 *
 *     add --> unnamed --name--> on its way --commit--> named
 *     giveUp ----------------------------------------> named (its gap record was durable before)
 */
import { subtract, union } from "#proto/ranges.ts";
import type { AppendQueue } from "./append_queue.ts";
import { type Board, type Segment, type Series, seriesOf, unsettledIn } from "./board.ts";
import { UnnamedGaps } from "./gaps.ts";
import { type Gap, gapFrame } from "./own_frames.ts";

/** What {@link Losses} needs. */
export interface LossesOptions {
  readonly board: Board;
  /** Called with acknowledged records that cannot be read any more. */
  readonly onLost: (gap: Gap) => void;
}

/** Keeps the account of what is lost. */
export class Losses {
  readonly #options: LossesOptions;
  readonly #unnamed = new UnnamedGaps();
  /** Gap records on their way. */
  #naming = 0;

  constructor(options: LossesOptions) {
    this.#options = options;
  }

  /** Whether there is a loss that the next commit names. */
  get hasToName(): boolean {
    return this.#naming === 0 && !this.#unnamed.isEmpty;
  }

  /** Takes note of records that cannot be read any more. */
  add(gap: Gap): void {
    const series = this.#find(gap);
    if (series === undefined) return;
    // What has a verdict, or was given up before, is no loss.
    for (const range of subtract(subtract([gap.range], series.lost), series.settled)) {
      series.lost = union(series.lost, [range]);
      this.#unnamed.add({ ...gap, range });
      // What was refused never was anybody's.
      if (gap.cause !== "refused") this.#options.onLost({ ...gap, range });
    }
  }

  /** Lets gap records wait for all that has none, one batch at a time. */
  name(queue: AppendQueue, nowNs: () => bigint): void {
    if (this.#naming > 0) return;
    for (const gap of this.#unnamed.take()) {
      this.#naming++;
      queue.addOwn(gapFrame(gap, nowNs()), () => {
        this.#naming--;
        this.#markNamed(gap);
      });
    }
  }

  /** What giving a segment up would lose. */
  within(segment: Segment): Gap[] {
    const { epoch, class: className } = segment.header;
    const lost = unsettledIn(segment, seriesOf(this.#options.board, segment));
    return lost.map((range) => ({ epoch, class: className, range, cause: "overwritten" }));
  }

  /** Takes note of records that are given up, and that a durable gap record names already. */
  giveUp(gap: Gap): void {
    const series = this.#find(gap);
    if (series !== undefined) series.lost = union(series.lost, [gap.range]);
    this.#markNamed(gap);
    this.#options.onLost(gap);
  }

  #markNamed(gap: Gap): void {
    const series = this.#find(gap);
    if (series !== undefined) series.named = union(series.named, [gap.range]);
  }

  /** The series that a gap is in; undefined when its epoch has left the board meanwhile. */
  #find(gap: Gap): Series | undefined {
    return this.#options.board.find(gap.epoch)?.series.get(gap.class);
  }
}
