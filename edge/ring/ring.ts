/**
 * The vehicle's ring: the durable store of records between the SDK's answer `durable` and the cloud's verdict.
 *
 *     append -> queue -> commit (write, fdatasync) -> tail in memory, event -> read -> settle -> space used again
 *
 * All changes of the disk happen in one loop, one after another: commits of what waits, and between them jobs such as
 * opening an epoch. Reads go beside it. Source: protocol.md section 4 (Ring); the bytes on disk: README.md.
 */
import type { Class } from "#proto/class.ts";
import { classes } from "#proto/class.ts";
import { asFault, Fault } from "#proto/errors.ts";
import { type Epoch, epochOf } from "#proto/ids.ts";
import { ancestorsMax } from "#proto/limits.ts";
import type { Ranges } from "#proto/ranges.ts";
import type { FrameRecord } from "#proto/shape.ts";
import {
  ringRateWindowMs,
  ringSegmentBytesDefaultMin,
  ringSegmentBytesMax,
  ringSegmentBytesMin,
  ringSegmentsMin,
  ringTailBytesMax,
  ringWaitingBytesMax,
  ringWatermarkBytesMax,
  ringWatermarkIntervalMs,
} from "../limits.ts";
import type { EncodedRecord } from "./append_queue.ts";
import { type Board, heldOf, unsettledOf } from "./board.ts";
import { Committer } from "./committer.ts";
import { entryHeaderBytes } from "./entry.ts";
import { epochFrame } from "./own_frames.ts";
import type { EpochReason, NewFrame, OnBoard, Place, ReadRequest, Ring, RingOptions, RingStats } from "./port.ts";
import { Rate } from "./rate.ts";
import { readSeries } from "./reader.ts";
import { recover, type Recovered } from "./recovery.ts";
import { Tail } from "./tail.ts";
import { encodeWatermark } from "./watermark.ts";
import { WatermarkFiles } from "./watermark_files.ts";

export type * from "./port.ts";

/**
 * Opens the ring in a directory, recovers what is there, and opens a new epoch (reason `start`). Rejects with
 * `disk_failed` when the directory cannot be read, `bad_config` when `bytesMax` is too small; a disk that merely refuses
 * writes shows in appends.
 */
export async function openRing(options: RingOptions): Promise<Ring> {
  const { disk, log } = options;
  const sizes = sizesOf(options);
  const present = await disk.list();
  const files = new WatermarkFiles(disk, sizes.watermarkBytes);
  const watermark = await files.readNewest(present);
  const recovered = await recover({ disk, log, present, watermark, segmentBytes: sizes.segmentBytes });
  const ring = new OpenRing(options, { ...sizes, files, recovered });
  await ring.start(recovered);
  return ring;
}

interface Sizes {
  readonly segmentBytes: number;
  readonly watermarkBytes: number;
}

/** The segment's size: what is asked for, else a 64th of the ring, in whole blocks within bounds. */
function sizesOf({ bytesMax, segmentBytes: wanted }: RingOptions): Sizes {
  const usual = Math.min(ringSegmentBytesMax, Math.max(ringSegmentBytesDefaultMin, Math.floor(bytesMax / 64)));
  const segmentBytes = Math.floor((wanted ?? usual) / 4096) * 4096;
  if (segmentBytes < ringSegmentBytesMin || segmentBytes > ringSegmentBytesMax) {
    const bounds = `${ringSegmentBytesMin} to ${ringSegmentBytesMax}`;
    throw new Fault("bad_config", `Cannot open ring with segments of ${segmentBytes} bytes: wanted ${bounds}`);
  }
  if (bytesMax < ringSegmentsMin * segmentBytes) {
    const least = `at least ${ringSegmentsMin} segments of ${segmentBytes} bytes`;
    throw new Fault("bad_config", `Cannot open ring of ${bytesMax} bytes: wanted ${least}`);
  }
  return { segmentBytes, watermarkBytes: Math.min(ringWatermarkBytesMax, segmentBytes) };
}

/** One piece of work between commits. */
type Job = () => Promise<void>;

class OpenRing implements Ring {
  readonly #options: RingOptions;
  readonly #sizes: Sizes;
  readonly #board: Board;
  readonly #files: WatermarkFiles;
  readonly #committer: Committer;
  readonly #tails: Readonly<Record<Class, Tail>>;
  readonly #rate: Rate;
  readonly #jobs: Job[] = [];
  #epoch: Epoch;
  #ancestors: readonly Epoch[];
  /** Wall clock minus uptime when the epoch opened. */
  #timeBaseNs: bigint;
  /** The same of the epochs that this start has opened, as long as they are on board. */
  readonly #timeBases = new Map<Epoch, bigint>();
  /** Runs while there is work; what fails waits for the next call, so that a broken disk is not hammered. */
  #loop: Promise<void> | undefined;
  #isWanted = false;
  #persistedMs: number;
  #isClosed = false;

  constructor(options: RingOptions, from: Sizes & { files: WatermarkFiles; recovered: Recovered }) {
    this.#options = options;
    this.#sizes = from;
    this.#files = from.files;
    this.#board = from.recovered.board;
    this.#timeBaseNs = this.#timeBase();
    const uptimeMs = options.clock.uptimeMs();
    this.#persistedMs = uptimeMs;
    this.#rate = new Rate(ringRateWindowMs, uptimeMs);
    const tail = () => new Tail(ringTailBytesMax);
    this.#tails = { critical: tail(), event: tail(), normal: tail(), bulk: tail() };
    const newest = this.#board.segments().at(-1)?.header;
    this.#ancestors = newest === undefined ? [] : [newest.epoch, ...newest.ancestors].slice(0, ancestorsMax);
    this.#epoch = epochOf(options.random.bytes(8));
    const opening = this.#openingOf("start", options.clockSynchronized);
    this.#committer = new Committer({
      ...options,
      ...from,
      board: this.#board,
      nextId: from.recovered.nextId,
      otherBytes: 2 * from.watermarkBytes + from.recovered.unreadable * from.segmentBytes,
      nowNs: () => this.nowNs(),
      onDurable: (className, records) => this.#onDurable(className, records),
      onLost: ({ epoch, class: className, range }) =>
        options.onEvent?.({ kind: "lost", epoch, class: className, range }),
      persist: () => this.#persist(),
    }, opening);
  }

  get epoch(): Epoch {
    return this.#epoch;
  }

  /** Cleans up after the former owner, makes the first record durable if the disk lets us, and tells of the epoch. */
  async start({ gaps, strays, hasReserve }: Recovered): Promise<void> {
    if (hasReserve) this.#committer.space.adoptReserve();
    for (const [name, bytes] of strays) await this.#committer.space.discard(name, bytes);
    for (const gap of gaps) this.#committer.lose(gap);
    await this.#between(() => this.#committer.commitAll());
    await this.#between(() => this.#tryPersist());
    this.#options.onEvent?.({ kind: "epoch", epoch: this.#epoch, reason: "start" });
  }

  nowNs(): bigint {
    return this.#timeBaseNs + uptimeNs(this.#options.clock.uptimeMs());
  }

  nowIn(epoch: Epoch): bigint | undefined {
    const baseNs = epoch === this.#epoch ? this.#timeBaseNs : this.#timeBases.get(epoch);
    return baseNs === undefined ? undefined : baseNs + uptimeNs(this.#options.clock.uptimeMs());
  }

  append(className: Class, frames: readonly NewFrame[]): Promise<Place> {
    const fault = this.#refusal(frames);
    if (fault !== undefined) return Promise.reject(fault);
    const place = this.#committer.append(className, frames);
    this.#wake();
    return place;
  }

  async read(request: ReadRequest): Promise<FrameRecord[]> {
    const series = this.#board.find(request.epoch)?.series.get(request.class);
    if (series === undefined || request.last < request.first) return [];
    const recent = request.epoch === this.#epoch ? this.#tails[request.class].read(request) : undefined;
    if (recent !== undefined) return recent;
    const { records, damaged } = await readSeries({ disk: this.#options.disk, series }, request);
    for (const range of damaged) {
      this.#committer.lose({ epoch: request.epoch, class: request.class, range, cause: "damaged" });
    }
    if (damaged.length > 0) this.#wake();
    return records;
  }

  settle(epoch: Epoch, className: Class, ranges: Ranges): void {
    this.#board.settle(ranges, { epoch, class: className });
    this.#persistSoon();
  }

  unsettle(epoch: Epoch, className: Class, ranges: Ranges): Ranges {
    const held = this.#board.unsettle(ranges, { epoch, class: className });
    if (held.length > 0) this.#persistSoon();
    return held;
  }

  onBoard(): OnBoard[] {
    const found: OnBoard[] = [];
    for (const { epoch, series } of this.#board.epochs()) {
      for (const className of classes) {
        const each = series.get(className);
        if (each === undefined || each.durable === 0) continue;
        const { durable } = each;
        found.push({ epoch, class: className, unsettled: unsettledOf(each), held: heldOf(each), durable });
      }
    }
    return found;
  }

  ancestors(): readonly Epoch[] {
    return this.#ancestors;
  }

  openEpoch(reason: EpochReason, options: { clockSynchronized?: boolean } = {}): Promise<Epoch> {
    return this.#between(async () => {
      await this.#committer.commitAll();
      if (!this.#committer.isOpen) {
        throw this.#committer.fault ??
          new Fault("disk_failed", "Cannot open epoch: the present one is not durable yet");
      }
      this.#ancestors = [this.#epoch, ...this.#ancestors].slice(0, ancestorsMax);
      this.#rememberTimeBase();
      this.#epoch = epochOf(this.#options.random.bytes(8));
      this.#timeBaseNs = this.#timeBase();
      for (const className of classes) this.#tails[className].clear();
      await this.#committer.begin(this.#openingOf(reason, options.clockSynchronized ?? false));
      await this.#committer.commitAll();
      this.#options.onEvent?.({ kind: "epoch", epoch: this.#epoch, reason });
      return this.#epoch;
    });
  }

  clockOffset(epoch: Epoch): bigint | undefined {
    return this.#board.find(epoch)?.clockOffsetNs;
  }

  fixClockOffset(offsetNs: bigint, epoch: Epoch = this.#epoch): Promise<bigint> {
    return this.#between(async () => {
      const entry = this.#board.find(epoch);
      if (entry === undefined) throw new Fault("not_found", `Cannot fix clock offset of epoch ${epoch}: not on board`);
      if (entry.clockOffsetNs !== undefined) return entry.clockOffsetNs;
      entry.clockOffsetNs = offsetNs;
      try {
        // Into both files: no single damaged place may make a second offset for the same epoch possible.
        await this.#persist();
        await this.#persist();
      } catch (fault) {
        entry.clockOffsetNs = undefined;
        throw fault;
      }
      return offsetNs;
    });
  }

  stats(): RingStats {
    const { space, fault } = this.#committer;
    const segments = this.#board.segments();
    const { bytesUsed, bytesReclaimable } = space;
    const rate = this.#rate.perSecond(this.#options.clock.uptimeMs());
    const free = Math.max(0, this.#options.bytesMax - bytesUsed) + bytesReclaimable;
    return {
      bytesUsed,
      bytesMax: this.#options.bytesMax,
      bytesReclaimable,
      segments: segments.length,
      oldestTs: segments[0]?.header.createdNs,
      appendBytesPerSecond: rate,
      coverMs: rate > 0 ? free / rate * 1000 : undefined,
      fault,
    };
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#between(async () => {
      await this.#committer.commitAll();
      await this.#committer.seal();
      await this.#tryPersist({ isLast: true });
      await this.#files.close().catch((thrown) => this.#warn("could not close the watermark", thrown));
      await this.#options.disk.release();
    });
  }

  #refusal(frames: readonly NewFrame[]): Fault | undefined {
    if (this.#isClosed) return new Fault("unavailable", "Cannot append frames: the ring is closed");
    if (frames.length === 0) return new Fault("bad_frame", "Cannot append frames: there are none");
    const waiting = this.#committer.waitingBytes;
    if (waiting <= ringWaitingBytesMax) return undefined;
    return new Fault("unavailable", `Cannot append frames: ${waiting} bytes wait for the disk already`);
  }

  #openingOf(reason: EpochReason, clockSynchronized: boolean) {
    const [previous] = this.#ancestors;
    const series = previous === undefined ? undefined : this.#board.find(previous)?.series;
    const lasts = classes.map((className) => series?.get(className)?.durable ?? 0);
    this.#board.epoch(this.#epoch).clockOffsetNs = clockSynchronized ? 0n : undefined;
    const { boot } = this.#options;
    const frame = epochFrame({ previous, lasts, reason, boot, clockSynchronized }, this.nowNs());
    return { epoch: this.#epoch, ancestors: this.#ancestors, frame };
  }

  #onDurable(className: Class, records: readonly EncodedRecord[]): void {
    const range = { first: records[0].record.seq, last: records[records.length - 1].record.seq };
    this.#board.series(this.#epoch, className).durable = range.last;
    this.#tails[className].push(records);
    const bytes = records.reduce((sum, record) => sum + record.bytes.length + entryHeaderBytes, 0);
    this.#rate.add(bytes, this.#options.clock.uptimeMs());
    this.#options.onEvent?.({ kind: "appended", epoch: this.#epoch, class: className, range });
  }

  #rememberTimeBase(): void {
    for (const epoch of this.#timeBases.keys()) {
      if (this.#board.find(epoch) === undefined) this.#timeBases.delete(epoch);
    }
    this.#timeBases.set(this.#epoch, this.#timeBaseNs);
  }

  #timeBase(): bigint {
    const { clock } = this.#options;
    return clock.wallNs() - uptimeNs(clock.uptimeMs());
  }

  /** Verdicts, and verdicts taken back, become durable some day. */
  #persistSoon(): void {
    const nowMs = this.#options.clock.uptimeMs();
    if (this.#isClosed || nowMs - this.#persistedMs < ringWatermarkIntervalMs) return;
    this.#persistedMs = nowMs;
    this.#jobs.push(() => this.#tryPersist());
    this.#wake();
  }

  /** Writes the watermark. After the last writing the present epoch, too, has said its last word. */
  async #persist({ isLast = false } = {}): Promise<void> {
    const generation = this.#files.nextGeneration;
    const current = isLast ? undefined : this.#epoch;
    const bytesMax = this.#sizes.watermarkBytes;
    await this.#files.write(encodeWatermark(this.#board, { generation, current, bytesMax }));
  }

  async #tryPersist(options: { isLast?: boolean } = {}): Promise<void> {
    try {
      await this.#persist(options);
    } catch (thrown) {
      this.#warn("could not write its watermark", thrown);
    }
  }

  #warn(what: string, thrown: unknown): void {
    this.#options.log.warn(`ring ${what}`, { reason: asFault(thrown).message });
  }

  /** Runs work in the loop, between commits. */
  #between<T>(work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#jobs.push(() => work().then(resolve, reject));
      this.#wake();
    });
  }

  #wake(): void {
    this.#isWanted = true;
    this.#loop ??= this.#run();
  }

  async #run(): Promise<void> {
    // What arrives in the same turn of the event loop goes together.
    await Promise.resolve();
    while (this.#isWanted) {
      this.#isWanted = false;
      for (let job = this.#jobs.shift(); job !== undefined; job = this.#jobs.shift()) await job();
      await this.#committer.commitAll();
    }
    this.#loop = undefined;
  }
}

function uptimeNs(uptimeMs: number): bigint {
  return BigInt(Math.round(uptimeMs * 1e6));
}
