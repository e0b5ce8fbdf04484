/**
 * Commits: what waits in the queues becomes durable, class by class, most precious first.
 *
 *     waiting --write, sync--> durable
 *     write or sync fails once:  the file is abandoned, the same records go from memory into a new segment
 *     that fails too:            callers are refused, the ring's own records wait for the next commit
 *
 * No file is synced again after a failed sync: the kernel may have dropped the bytes and call them clean. Calls of
 * {@link Committer.commitAll} and {@link Committer.begin} must not overlap.
 */
import { ok } from "node:assert/strict";
import { type Class, classes } from "#proto/class.ts";
import { asFault, Fault } from "#proto/errors.ts";
import type { Epoch } from "#proto/ids.ts";
import type { Random } from "#proto/ports.ts";
import { has, normalize, subtract, union } from "#proto/ranges.ts";
import { type Append, AppendQueue, type EncodedRecord, type Queues, ShapeNumbers } from "./append_queue.ts";
import { type Segment, type Series, seriesOf, unsettledIn } from "./board.ts";
import { segmentName } from "./files.ts";
import { UnnamedGaps } from "./gaps.ts";
import { type Gap, gapFrame, gapOf } from "./own_frames.ts";
import type { NewFrame, Place } from "./port.ts";
import { readSegment } from "./reader.ts";
import type { SegmentHeader } from "./segment_header.ts";
import { emptyContent, roomIn, SegmentWriter } from "./segment_writer.ts";
import { Space, type SpaceOptions } from "./space.ts";

/** What {@link Committer} needs. */
export interface CommitterOptions extends Omit<SpaceOptions, "kept" | "beforeDrop" | "drop"> {
  readonly random: Random;
  /** Number of the first segment to be made. */
  readonly nextId: number;
  /** The vehicle's time for headers and own records. */
  readonly nowNs: () => bigint;
  /** Called with records that have just become durable. */
  readonly onDurable: (className: Class, records: readonly EncodedRecord[]) => void;
  /** Called with records that cannot be read any more. */
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
  #fault: Fault | undefined;

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
      drop: (segment) => this.#drop(segment),
    });
  }

  /** Why the last commit failed; undefined when it did not. */
  get fault(): Fault | undefined {
    return this.#fault;
  }

  /** Whether the epoch's first record is durable. */
  get isOpen(): boolean {
    return this.#options.board.series(this.#epoch, "critical").durable > 0;
  }

  /** Encoded bytes that wait. */
  get waitingBytes(): number {
    return classes.reduce((sum, name) => sum + this.#queues[name].bytes, 0);
  }

  /** Lets a caller's frames wait for the next commit; settles with it. */
  append(className: Class, frames: readonly NewFrame[]): Promise<Place> {
    return new Promise((resolve, reject) => this.#queues[className].add(frames, { retain: false, resolve, reject }));
  }

  /** Takes note of records that cannot be read any more; the next commit names them in gap records. */
  lose(gap: Gap): void {
    const series = this.#find(gap);
    if (series === undefined) return;
    // What has a verdict, or was given up before, is no loss.
    for (const range of subtract(subtract([gap.range], series.lost), series.settled)) {
      series.lost = union(series.lost, [range]);
      this.#unnamed.add({ ...gap, range });
      this.#options.onLost({ ...gap, range });
    }
  }

  /** Commits what waits. Never rejects: the appends tell. */
  async commitAll(): Promise<void> {
    this.#nameGaps();
    for (const className of classes) await this.#commit(className);
    await this.space.restoreReserve();
  }

  /** Begins an epoch: what waits goes into it, behind its first frame. */
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
    queues.critical.add([first], { retain: true, resolve: () => {}, reject: () => {} });
    return queues;
  }

  #nameGaps(): void {
    if (this.#naming > 0) return;
    for (const gap of this.#unnamed.take()) {
      this.#naming++;
      const resolve = () => {
        this.#naming--;
        this.#markNamed(gap);
      };
      const frame = gapFrame(gap, this.#options.nowNs());
      this.#queues.critical.add([frame], { retain: true, resolve, reject: () => {} });
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
    try {
      if (className !== "critical" && !this.isOpen) throw this.#fault ?? notOpen(className);
      await this.#write(className, taken.flatMap(({ records }) => records), progress);
      this.#fault = undefined;
      for (const append of taken) append.resolve(queue.placeOf(append));
    } catch (thrown) {
      this.#fault = asFault(thrown);
      this.#refuse(className, taken, { ...progress, fault: this.#fault });
    }
  }

  #refuse(className: Class, taken: readonly Append[], options: { writtenTo: number; fault: Fault }): void {
    const { writtenTo, fault } = options;
    this.#options.log.warn("ring could not commit", { class: className, code: fault.code, reason: fault.message });
    const queue = this.#queues[className];
    const { durable } = this.#options.board.series(this.#epoch, className);
    const done = taken.filter((append) => queue.placeOf(append).last <= durable);
    for (const append of done) append.resolve(queue.placeOf(append));
    const failed = taken.filter((append) => !done.includes(append));
    queue.fail(failed, { fault, writtenTo, durable });
    if (writtenTo <= durable) return;
    // These seqs may lie in an abandoned file, so they are never given out again.
    const kept = normalize(failed.filter(({ retain }) => retain).map((append) => queue.placeOf(append)));
    for (const range of subtract([{ first: durable + 1, last: writtenTo }], kept)) {
      this.lose({ epoch: this.#epoch, class: className, range, cause: "disk_lost" });
    }
  }

  async #write(className: Class, records: readonly EncodedRecord[], progress: { writtenTo: number }): Promise<void> {
    let from = 0;
    let failures = 0;
    while (from < records.length) {
      const open = this.#writers.get(className);
      const writer = open ?? await this.#beginSegment(className, records[from].record.seq);
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

  /** A verdict that was taken back since {@link #beforeDrop} has looked makes a loss of what goes: named all the same. */
  #drop(victim: Segment): void {
    for (const gap of this.#lossOf(victim)) this.lose(gap);
    this.#options.board.drop(victim, this.#epoch);
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
    const named = this.append("critical", [...gaps, ...earlier].map((gap) => gapFrame(gap, this.#options.nowNs())));
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
