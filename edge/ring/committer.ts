/**
 * Commits: what waits in the queues becomes durable, class by class, most precious first.
 *
 *     waiting --write, sync--> durable
 *     that fails, twice:       callers are refused; the ring's own records, and what was answered `buffered`, wait
 *                              for the next commit or {@link Committer.retry}
 *     the disk is silent:      {@link Committer.answerLate} answers `buffered`, and the commit under way goes on
 *
 * Calls of {@link Committer.commitAll} and {@link Committer.begin} must not overlap.
 */
import { type Class, classes } from "#proto/class.ts";
import { asFault, Fault } from "#proto/errors.ts";
import type { Segment } from "./board.ts";
import { EpochQueues } from "./epoch_queues.ts";
import { evictionOf } from "./eviction.ts";
import { Losses, type LossesOptions } from "./losses.ts";
import { OpenSegments, type OpenSegmentsOptions } from "./open_segments.ts";
import { type Gap, gapFrame } from "./own_frames.ts";
import type { Appended, NewFrame } from "./port.ts";
import { ringAnswerMs } from "../limits.ts";
import { roomIn } from "./segment_writer.ts";
import { Space, type SpaceOptions } from "./space.ts";

/** What {@link Committer} needs. */
export interface CommitterOptions
  extends Omit<SpaceOptions, "kept" | "beforeDrop" | "drop">, OpenSegmentsOptions, LossesOptions {
  /** Makes the watermark durable. */
  readonly persist: () => Promise<void>;
}

/** Owns the queues and open segments of the open epoch. */
export class Committer {
  readonly space: Space;
  readonly #options: CommitterOptions;
  readonly #segments: OpenSegments;
  readonly #losses: Losses;
  #queues: EpochQueues;
  /** Why the last commit of a class failed; none for those whose did not. */
  readonly #faults = new Map<Class, Fault>();
  /** Since when the commit under way waits for the disk. */
  #busySinceMs: number | undefined;

  /** `first` opens the epoch that is open. */
  constructor(options: CommitterOptions, first: NewFrame) {
    this.#options = options;
    this.#queues = this.#newQueues(first);
    this.#losses = new Losses(options);
    this.space = new Space({
      ...options,
      // The open critical segment takes the gap records of whatever goes.
      kept: () => this.#segments.only("critical"),
      ...evictionOf({
        ...options,
        losses: this.#losses,
        current: () => options.epochs.current,
        endOpen: (segments) => this.#segments.end(segments),
        commitGaps: (gaps) => this.#commitGaps(gaps),
      }),
    });
    this.#segments = new OpenSegments(this.space, options);
  }

  /** Why the disk did not take the last records of some class, the most precious first; undefined when it takes all. */
  get fault(): Fault | undefined {
    for (const className of classes) if (this.#faults.has(className)) return this.#faults.get(className);
    return this.#silence;
  }

  /** Whether something waits for the disk to be better, and not for a caller. */
  get needsRetry(): boolean {
    return this.#faults.size > 0 || this.hasGapsToName || this.space.needsRetry;
  }

  /** Whether there is a loss that the next commit names. */
  get hasGapsToName(): boolean {
    return this.#losses.hasToName;
  }

  /** Records answered `buffered` that are not durable yet. */
  get bufferedCount(): number {
    return this.#queues.bufferedCount;
  }

  /** When the oldest append came whose caller waits; undefined when none does. */
  get oldestUnansweredMs(): number | undefined {
    return this.#queues.oldestUnansweredMs;
  }

  /** Segments that are being written. */
  get open(): ReadonlySet<Segment> {
    return this.#segments.all();
  }

  /** Encoded bytes that wait or are on their way. */
  get waitingBytes(): number {
    return this.#queues.bytes;
  }

  /** Lets a caller's frames wait for the next commit; settles with it, or with {@link answerLate}. */
  append(className: Class, frames: readonly NewFrame[]): Promise<Appended> {
    return this.#queues.append(className, frames, { atMs: this.#options.uptimeMs() });
  }

  /** Answers `buffered` to whoever has waited since a time or longer. */
  answerLate(sinceMs: number): void {
    this.#queues.answerLate(sinceMs);
  }

  /** Takes note of records that cannot be read any more; the next commit names them in gap records. */
  lose(gap: Gap): void {
    this.#losses.add(gap);
  }

  /** Commits what waits. Never rejects: the appends tell. */
  async commitAll(): Promise<void> {
    this.#losses.name(this.#queues.of.critical, () => this.#options.epochs.nowNs());
    for (const className of classes) await this.#commit(className);
    await this.space.upkeep();
  }

  /**
   * After a failure: tries again what waits, and where nothing does asks the disk with the ring's own bytes, so that the
   * ring is well again without a caller's help. Never rejects.
   */
  async retry(): Promise<void> {
    await this.commitAll();
    if (this.#faults.size === 0) return;
    try {
      await this.#options.persist();
    } catch (thrown) {
      this.#options.log.debug("disk takes no writes yet", { reason: asFault(thrown).message });
      return;
    }
    await this.space.settled();
    for (const className of [...this.#faults.keys()]) {
      if (this.#queues.of[className].isEmpty && this.space.hasRoomFor(className)) this.#recover(className);
    }
  }

  /** Commits until nothing waits that cannot leave the epoch. Rejects with why not. */
  async drain(): Promise<void> {
    do await this.commitAll(); while (this.#queues.hasRetained && this.#faults.size === 0);
    if (!this.#queues.hasRetained) return;
    throw this.fault ?? new Fault("disk_failed", "Cannot end epoch: records of it are not durable yet");
  }

  /** Begins the epoch that has been opened since {@link drain}: what waits goes into it, behind its first frame. */
  async begin(first: NewFrame): Promise<void> {
    const former = this.#queues;
    this.#queues = this.#newQueues(first);
    former.moveTo(this.#queues);
    await this.seal();
  }

  /** Ends the open segments and gives back the space behind their ends. */
  async seal(): Promise<void> {
    await this.#segments.seal();
  }

  #newQueues(first: NewFrame): EpochQueues {
    const { epochs, segmentBytes } = this.#options;
    return new EpochQueues(epochs.current, { first, recordBytesMax: roomIn(segmentBytes) });
  }

  /** The disk's silence as a fault, once somebody has waited for too long. */
  get #silence(): Fault | undefined {
    if (this.#busySinceMs === undefined) return undefined;
    const silentMs = this.#options.uptimeMs() - this.#busySinceMs;
    if (silentMs < ringAnswerMs) return undefined;
    return new Fault("unavailable", `Disk has not answered for ${Math.round(silentMs)} ms`);
  }

  async #commit(className: Class): Promise<void> {
    const queue = this.#queues.of[className];
    if (queue.isEmpty) return;
    const records = queue.take();
    // Of appends that failed before, the first records may be durable already.
    const progress = { from: records.countTo(this.#durableOf(className)), writtenTo: 0 };
    const former = this.#busySinceMs;
    this.#busySinceMs ??= this.#options.uptimeMs();
    try {
      if (className !== "critical" && !this.#isEpochOpen) throw this.#faults.get("critical") ?? notOpen(className);
      await this.#segments.write(className, records, progress);
      this.#recover(className);
      queue.finish();
    } catch (thrown) {
      this.#refuse(className, { ...progress, fault: asFault(thrown) });
    } finally {
      this.#busySinceMs = former;
    }
  }

  /** Whether the epoch's first record is durable. */
  get #isEpochOpen(): boolean {
    return this.#durableOf("critical") > 0;
  }

  #durableOf(className: Class): number {
    const { board, epochs } = this.#options;
    return board.series(epochs.current, className).durable;
  }

  #refuse(className: Class, { writtenTo, fault }: { writtenTo: number; fault: Fault }): void {
    const { log, epochs } = this.#options;
    if (this.#faults.get(className)?.code !== fault.code) {
      log.warn("ring takes no records", { class: className, code: fault.code, reason: fault.message });
    }
    this.#faults.set(className, fault);
    const durable = this.#durableOf(className);
    // The disk works and has no room for this class: nothing that waits will get any. Critical records wait for theirs.
    const givesUp = fault.code === "ring_full" && className !== "critical";
    const { refused, lost } = this.#queues.of[className].fail({ fault, writtenTo, durable, givesUp });
    const of = { epoch: epochs.current, class: className };
    for (const range of refused) this.lose({ ...of, range, cause: "refused" });
    for (const range of lost) this.lose({ ...of, range, cause: "disk_lost" });
  }

  #recover(className: Class): void {
    if (this.#faults.delete(className)) this.#options.log.info("ring takes records again", { class: className });
  }

  async #commitGaps(gaps: readonly Gap[]): Promise<void> {
    const frames = gaps.map((gap) => gapFrame(gap, this.#options.epochs.nowNs()));
    const named = this.#queues.append("critical", frames, { atMs: undefined });
    await Promise.allSettled([named, this.#commit("critical")]);
    await named;
  }
}

function notOpen(className: Class): Fault {
  return new Fault("disk_failed", `Cannot commit class ${className}: the epoch's first record is not durable yet`);
}
