/**
 * Commits: what waits in the queues becomes durable, class by class, most precious first.
 *
 *     waiting --write, sync--> durable
 *     write or sync fails once:  the file is abandoned, the same records go from memory into a new segment
 *     that fails too:            callers are refused; the ring's own records, and what was answered `buffered`, wait
 *                                for the next commit or {@link Committer.retry}
 *     the disk is silent:        {@link Committer.answerLate} answers `buffered`, and the commit under way goes on
 *
 * No file is synced again after a failed sync: the kernel may have dropped the bytes and call them clean. Calls of
 * {@link Committer.commitAll} and {@link Committer.begin} must not overlap.
 */
import { ok } from "node:assert/strict";
import { type Class, classes } from "#proto/class.ts";
import { asFault, Fault } from "#proto/errors.ts";
import type { Epoch } from "#proto/ids.ts";
import type { Random } from "#proto/ports.ts";
import { has, subtract, union } from "#proto/ranges.ts";
import { type Append, AppendQueue, type EncodedRecord, type Queues, ShapeNumbers } from "./append_queue.ts";
import { type Segment, type Series, seriesOf, unsettledIn } from "./board.ts";
import { segmentName } from "./files.ts";
import { UnnamedGaps } from "./gaps.ts";
import { type Gap, gapFrame, gapOf } from "./own_frames.ts";
import type { Appended, NewFrame } from "./port.ts";
import { readSegment } from "./reader.ts";
import type { SegmentHeader } from "./segment_header.ts";
import { ringAnswerMs } from "../limits.ts";
import { emptyContent, roomIn, SegmentWriter } from "./segment_writer.ts";
import { Space, type SpaceOptions } from "./space.ts";

/** What {@link Committer} needs. */
export interface CommitterOptions extends Omit<SpaceOptions, "kept" | "beforeDrop" | "drop"> {
  readonly random: Random;
  /** Number of the first segment to be made. */
  readonly nextId: number;
  /** The vehicle's time for headers and own records. */
  readonly nowNs: () => bigint;
  readonly uptimeMs: () => number;
  /** Called with records that have just become durable. */
  readonly onDurable: (className: Class, records: readonly EncodedRecord[]) => void;
  /** Called with acknowledged records that cannot be read any more. */
  readonly onLost: (gap: Gap) => void;
  /** Makes the watermark durable. */
  readonly persist: () => Promise<void>;
}

/** Owns the queues and open segments of the open epoch. */
export class Committer {
  readonly space: Space;
  readonly #options: CommitterOptions;
  readonly #writers = new Map<Class, SegmentWriter>();
  readonly #unnamed = new UnnamedGaps();
  #epoch: Epoch;
  #ancestors: readonly Epoch[];
  #queues: Queues;
  #nextId: number;
  /** Own gap records on their way. */
  #naming = 0;
  /** Why the last commit of a class failed; none for those whose did not. */
  readonly #faults = new Map<Class, Fault>();
  /** Since when the commit under way waits for the disk. */
  #busySinceMs: number | undefined;

  constructor(options: CommitterOptions, opening: { epoch: Epoch; ancestors: readonly Epoch[]; frame: NewFrame }) {
    this.#options = options;
    this.#nextId = options.nextId;
    this.#epoch = opening.epoch;
    this.#ancestors = opening.ancestors;
    this.#queues = this.#newQueues(opening.frame);
    this.space = new Space({
      ...options,
      kept: () => this.#kept(),
      beforeDrop: (victims) => this.#beforeDrop(victims),
      drop: (segment) => options.board.drop(segment, this.#epoch),
    });
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
    return this.#naming === 0 && !this.#unnamed.isEmpty;
  }

  /** Records answered `buffered` that are not durable yet. */
  get bufferedCount(): number {
    return classes.reduce((sum, name) => sum + this.#queues[name].bufferedCount, 0);
  }

  /** When the oldest append came whose caller waits; undefined when none does. */
  get oldestUnansweredMs(): number | undefined {
    const times = classes.flatMap((name) => this.#queues[name].oldestUnansweredMs ?? []);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /** Whether the epoch's first record is durable. */
  get isOpen(): boolean {
    return this.#options.board.series(this.#epoch, "critical").durable > 0;
  }

  /** Encoded bytes that wait or are on their way. */
  get waitingBytes(): number {
    return classes.reduce((sum, name) => sum + this.#queues[name].bytes, 0);
  }

  /** Lets a caller's frames wait for the next commit; settles with it, or with {@link answerLate}. */
  append(className: Class, frames: readonly NewFrame[]): Promise<Appended> {
    return this.#append(className, frames, { atMs: this.#options.uptimeMs() });
  }

  /** Answers `buffered` to whoever has waited since a time or longer. */
  answerLate(sinceMs: number): void {
    for (const className of classes) this.#queues[className].answerLate(sinceMs);
  }

  /** Takes note of records that cannot be read any more; the next commit names them in gap records. */
  lose(gap: Gap): void {
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

  /** Commits what waits. Never rejects: the appends tell. */
  async commitAll(): Promise<void> {
    this.#nameGaps();
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
      if (this.#queues[className].isEmpty && this.space.hasRoomFor(className)) this.#recover(className);
    }
  }

  /** Commits until nothing waits that cannot leave the epoch. Rejects with why not. */
  async drain(): Promise<void> {
    const isPromised = () => classes.some((name) => this.#queues[name].hasRetained);
    do await this.commitAll(); while (isPromised() && this.#faults.size === 0);
    if (!isPromised()) return;
    throw this.fault ?? new Fault("disk_failed", "Cannot end epoch: records of it are not durable yet");
  }

  /** Begins an epoch after {@link drain}: what waits goes into it, behind its first frame. */
  async begin(opening: { epoch: Epoch; ancestors: readonly Epoch[]; frame: NewFrame }): Promise<void> {
    const former = this.#queues;
    this.#epoch = opening.epoch;
    this.#ancestors = opening.ancestors;
    this.#queues = this.#newQueues(opening.frame);
    for (const className of classes) former[className].moveTo(this.#queues[className]);
    await this.seal();
  }

  /** Ends the open segments and gives back the space behind their ends. */
  async seal(): Promise<void> {
    for (const className of [...this.#writers.keys()]) await this.#end(className, { trim: true });
  }

  #newQueues(first: NewFrame): Queues {
    const options = { shapes: new ShapeNumbers(), recordBytesMax: roomIn(this.#options.segmentBytes) };
    const queue = () => new AppendQueue(this.#epoch, options);
    const queues = { critical: queue(), event: queue(), normal: queue(), bulk: queue() };
    // Nobody waits for the opening itself: it is durable before anything else of its epoch is.
    queues.critical.addOwn(first, () => {});
    return queues;
  }

  #append(className: Class, frames: readonly NewFrame[], { atMs }: { atMs: number | undefined }): Promise<Appended> {
    return new Promise((resolve, reject) => this.#queues[className].add(frames, { atMs, resolve, reject }));
  }

  /** The disk's silence as a fault, once somebody has waited for too long. */
  get #silence(): Fault | undefined {
    if (this.#busySinceMs === undefined) return undefined;
    const silentMs = this.#options.uptimeMs() - this.#busySinceMs;
    if (silentMs < ringAnswerMs) return undefined;
    return new Fault("unavailable", `Disk has not answered for ${Math.round(silentMs)} ms`);
  }

  #nameGaps(): void {
    if (this.#naming > 0) return;
    for (const gap of this.#unnamed.take()) {
      this.#naming++;
      const resolve = () => {
        this.#naming--;
        this.#markNamed(gap);
      };
      this.#queues.critical.addOwn(gapFrame(gap, this.#options.nowNs()), resolve);
    }
  }

  #markNamed(gap: Gap): void {
    const series = this.#find(gap);
    if (series !== undefined) series.named = union(series.named, [gap.range]);
  }

  /** The series that a gap is in; undefined when its epoch has left the board meanwhile. */
  #find(gap: Gap): Series | undefined {
    return this.#options.board.find(gap.epoch)?.series.get(gap.class);
  }

  async #commit(className: Class): Promise<void> {
    const queue = this.#queues[className];
    if (queue.isEmpty) return;
    const taken = queue.take();
    const progress = { writtenTo: 0 };
    const former = this.#busySinceMs;
    this.#busySinceMs ??= this.#options.uptimeMs();
    try {
      if (className !== "critical" && !this.isOpen) throw this.#faults.get("critical") ?? notOpen(className);
      await this.#write(className, this.#pending(className, taken), progress);
      this.#recover(className);
      queue.finish();
    } catch (thrown) {
      this.#refuse(className, { ...progress, fault: asFault(thrown) });
    } finally {
      this.#busySinceMs = former;
    }
  }

  /** Of appends that failed before, the first records may be durable already. */
  #pending(className: Class, appends: readonly Append[]): EncodedRecord[] {
    const { durable } = this.#options.board.series(this.#epoch, className);
    return appends.flatMap(({ records }) =>
      records[0].record.seq > durable ? records : records.filter(({ record }) => record.seq > durable)
    );
  }

  #refuse(className: Class, { writtenTo, fault }: { writtenTo: number; fault: Fault }): void {
    if (this.#faults.get(className)?.code !== fault.code) {
      this.#options.log.warn("ring takes no records", { class: className, code: fault.code, reason: fault.message });
    }
    this.#faults.set(className, fault);
    const { durable } = this.#options.board.series(this.#epoch, className);
    // The disk works and has no room for this class: nothing that waits will get any. Critical records wait for theirs.
    const givesUp = fault.code === "ring_full" && className !== "critical";
    const { refused, lost } = this.#queues[className].fail({ fault, writtenTo, durable, givesUp });
    for (const range of refused) this.lose({ epoch: this.#epoch, class: className, range, cause: "refused" });
    for (const range of lost) this.lose({ epoch: this.#epoch, class: className, range, cause: "disk_lost" });
  }

  #recover(className: Class): void {
    if (this.#faults.delete(className)) this.#options.log.info("ring takes records again", { class: className });
  }

  async #write(className: Class, records: readonly EncodedRecord[], progress: { writtenTo: number }): Promise<void> {
    let from = 0;
    let failures = 0;
    while (from < records.length) {
      const open = this.#writers.get(className);
      const writer = open ?? await this.#beginSegment(className, records[from].record.seq).catch((thrown) => {
        if (++failures > 1 || !(thrown instanceof Fault && thrown.code === "disk_failed")) throw thrown;
      });
      if (writer === undefined) continue;
      const to = writer.fill(records, from);
      if (to === from) {
        ok(open !== undefined, "an empty segment takes any record");
        await this.#end(className, { trim: false });
        continue;
      }
      progress.writtenTo = records[to - 1].record.seq;
      try {
        await writer.flush();
      } catch (thrown) {
        await this.#abandon(className, writer);
        if (++failures > 1) throw thrown;
        this.#options.log.warn("ring rewrites records from memory", { reason: asFault(thrown).message });
        continue;
      }
      this.#options.onDurable(className, records.slice(from, to));
      from = to;
    }
  }

  async #beginSegment(className: Class, first: number): Promise<SegmentWriter> {
    const { board, random, segmentBytes, disk } = this.#options;
    const id = this.#nextId++;
    const name = segmentName(id);
    const file = await this.space.take(name, className);
    const salt = random.bytes(4);
    const header: SegmentHeader = {
      id,
      epoch: this.#epoch,
      class: className,
      first,
      salt: new DataView(salt.buffer, salt.byteOffset).getUint32(0, true),
      clockOffsetNs: board.epoch(this.#epoch).clockOffsetNs,
      createdNs: this.#options.nowNs(),
      ancestors: this.#ancestors,
    };
    const segment = { header, name, bytes: segmentBytes, last: first - 1, content: emptyContent(), dropped: false };
    board.add(segment);
    const writer = new SegmentWriter(segment, { file, disk });
    this.#writers.set(className, writer);
    return writer;
  }

  async #end(className: Class, options: { trim: boolean }): Promise<void> {
    const writer = this.#writers.get(className);
    this.#writers.delete(className);
    try {
      await writer?.seal(options);
    } catch (thrown) {
      // All its records are durable; only its length or its handle is not as wished.
      this.#options.log.warn("ring could not end a segment", { reason: asFault(thrown).message });
    }
  }

  async #abandon(className: Class, { segment }: SegmentWriter): Promise<void> {
    await this.#end(className, { trim: false });
    if (segment.last >= segment.header.first) return;
    this.#options.board.drop(segment, this.#epoch);
    await this.space.discard(segment.name, segment.bytes);
  }

  /** The open critical segment takes the gap records of whatever goes. */
  #kept(): ReadonlySet<Segment> {
    const critical = this.#writers.get("critical");
    return new Set(critical === undefined ? [] : [critical.segment]);
  }

  async #beforeDrop(victims: readonly Segment[]): Promise<void> {
    for (const [className, { segment }] of [...this.#writers]) {
      if (victims.includes(segment)) await this.#end(className, { trim: false });
    }
    const lost = victims.flatMap((victim) => this.#lossOf(victim));
    if (lost.length > 0) await this.#commitGaps(lost, await this.#gapsWithin(victims));
    await this.#options.persist();
  }

  #lossOf(victim: Segment): Gap[] {
    const { epoch, class: className } = victim.header;
    const lost = unsettledIn(victim, seriesOf(this.#options.board, victim));
    return lost.map((range) => ({ epoch, class: className, range, cause: "overwritten" }));
  }

  /** What gap records without a verdict among the victims' say: it must outlive them. What cannot be read stays. */
  async #gapsWithin(victims: readonly Segment[]): Promise<Gap[]> {
    const { board, disk } = this.#options;
    const gaps = new UnnamedGaps();
    for (const victim of victims.filter(({ header }) => header.class === "critical")) {
      const unsettled = unsettledIn(victim, seriesOf(board, victim));
      for (const record of await readSegment(disk, victim)) {
        const gap = has(unsettled, record.seq) ? gapOf(record) : undefined;
        if (gap !== undefined) gaps.add(gap);
      }
    }
    return gaps.take();
  }

  /** Makes gap records durable: of what is lost now, and of what was before. */
  async #commitGaps(gaps: readonly Gap[], earlier: readonly Gap[]): Promise<void> {
    const frames = [...gaps, ...earlier].map((gap) => gapFrame(gap, this.#options.nowNs()));
    const named = this.#append("critical", frames, { atMs: undefined });
    await Promise.allSettled([named, this.#commit("critical")]);
    await named;
    for (const gap of gaps) {
      const series = this.#find(gap);
      if (series !== undefined) series.lost = union(series.lost, [gap.range]);
      this.#markNamed(gap);
      this.#options.onLost(gap);
    }
  }
}

function notOpen(className: Class): Fault {
  return new Fault("disk_failed", `Cannot commit class ${className}: the epoch's first record is not durable yet`);
}
