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
import { Fault } from "#proto/errors.ts";
import type { Epoch } from "#proto/ids.ts";
import type { Ranges } from "#proto/ranges.ts";
import type { FrameRecord } from "#proto/shape.ts";
import {
  ringRateWindowMs,
  ringRetryMs,
  ringTailBytesMax,
  ringWaitingBytesMax,
  ringWaitingCriticalBytes,
} from "../limits.ts";
import { pause } from "../pause.ts";
import { type Board, onBoardOf } from "./board.ts";
import { Committer } from "./committer.ts";
import type { EncodedRecords } from "./encoded_records.ts";
import { Epochs } from "./epochs.ts";
import { LateAnswers } from "./late_answers.ts";
import type { Gap } from "./own_frames.ts";
import type { Appended, EpochReason, NewFrame, OnBoard, ReadRequest, Ring, RingOptions, RingStats } from "./port.ts";
import { Rate } from "./rate.ts";
import { readSeries } from "./reader.ts";
import { recover, type Recovered } from "./recovery.ts";
import { type RingSizes, ringSizes } from "./ring_sizes.ts";
import { Scrub } from "./scrub.ts";
import { Tail } from "./tail.ts";
import { WatermarkFiles } from "./watermark_files.ts";
import { WatermarkWriter } from "./watermark_writer.ts";
import { WorkLoop } from "./work_loop.ts";

export type * from "./port.ts";

/**
 * Opens the ring in a directory, recovers what is there, and opens a new epoch (reason `start`). Rejects with
 * `disk_failed` when the directory cannot be read, `bad_config` when `bytesMax` is too small; a disk that merely refuses
 * writes shows in appends.
 */
export async function openRing(options: RingOptions): Promise<Ring> {
  const { disk, log } = options;
  const sizes = ringSizes(options);
  const present = await disk.list();
  const files = new WatermarkFiles({ disk, log, bytesMax: sizes.watermarkBytes });
  const watermark = await files.readNewest(present);
  const recovered = await recover({ disk, log, present, watermark, segmentBytes: sizes.segmentBytes });
  const ring = new OpenRing(options, { ...sizes, files, recovered });
  await ring.start(recovered);
  return ring;
}

class OpenRing implements Ring {
  readonly #options: RingOptions;
  readonly #board: Board;
  readonly #epochs: Epochs;
  readonly #watermark: WatermarkWriter;
  readonly #committer: Committer;
  readonly #tails: Readonly<Record<Class, Tail>>;
  readonly #rate: Rate;
  readonly #loop: WorkLoop;
  readonly #lateAnswers: LateAnswers;
  #isRetryDue = false;
  #scrubbing: Promise<void> | undefined;
  readonly #closing = new AbortController();
  readonly #closed = new AbortController();
  #isClosed = false;

  constructor(options: RingOptions, from: RingSizes & { files: WatermarkFiles; recovered: Recovered }) {
    const { clock, clockSynchronized, onEvent } = options;
    this.#options = options;
    const { board, nextId, unreadable } = from.recovered;
    this.#board = board;
    const epochs = new Epochs({ ...options, board });
    this.#epochs = epochs;
    this.#watermark = new WatermarkWriter({ ...options, ...from, board, epochs });
    this.#rate = new Rate(ringRateWindowMs, clock.uptimeMs());
    const tail = () => new Tail(ringTailBytesMax);
    this.#tails = { critical: tail(), event: tail(), normal: tail(), bulk: tail() };
    this.#committer = new Committer({
      ...options,
      ...from,
      board,
      epochs,
      nextId,
      otherBytes: 2 * from.watermarkBytes + unreadable * from.segmentBytes,
      uptimeMs: () => clock.uptimeMs(),
      onDurable: (className, records, places) => this.#onDurable(className, records, places),
      onLost: ({ epoch, class: className, range }) => onEvent?.({ kind: "lost", epoch, class: className, range }),
      persist: () => this.#watermark.write(),
    }, epochs.opening("start", { clockSynchronized }));
    this.#loop = new WorkLoop({ commit: () => this.#commit(), onIdle: () => this.#retryLater() });
    this.#lateAnswers = new LateAnswers({
      clock,
      signal: this.#closed.signal,
      oldestMs: () => this.#committer.oldestUnansweredMs,
      answer: (sinceMs) => this.#committer.answerLate(sinceMs),
    });
  }

  get epoch(): Epoch {
    return this.#epochs.current;
  }

  /** Cleans up after the former owner, makes the first record durable if the disk lets us, and tells of the epoch. */
  async start({ gaps, strays, ...files }: Recovered): Promise<void> {
    this.#committer.space.adopt(files);
    for (const [name, bytes] of strays) await this.#committer.space.discard(name, bytes);
    for (const gap of gaps) this.#committer.lose(gap);
    await this.#loop.run(() => this.#committer.commitAll());
    await this.#loop.run(() => this.#watermark.tryWrite());
    this.#options.onEvent?.({ kind: "epoch", epoch: this.epoch, reason: "start" });
    this.#scrubbing = this.#scrub();
  }

  nowNs(): bigint {
    return this.#epochs.nowNs();
  }

  nowIn(epoch: Epoch): bigint | undefined {
    return this.#epochs.nowIn(epoch);
  }

  append(className: Class, frames: readonly NewFrame[]): Promise<Appended> {
    const fault = this.#refusal(className, frames);
    if (fault !== undefined) return Promise.reject(fault);
    const answer = this.#committer.append(className, frames);
    this.#loop.wake();
    this.#lateAnswers.watch();
    return answer;
  }

  async read(request: ReadRequest): Promise<FrameRecord[]> {
    const series = this.#board.find(request.epoch)?.series.get(request.class);
    if (series === undefined || request.last < request.first) return [];
    const recent = request.epoch === this.epoch ? this.#tails[request.class].read(request) : undefined;
    if (recent !== undefined) return recent;
    const { records, damaged } = await readSeries({ disk: this.#options.disk, series }, request);
    const { epoch, class: className } = request;
    for (const range of damaged) this.#lose({ epoch, class: className, range, cause: "damaged" });
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
    return onBoardOf(this.#board);
  }

  ancestors(): readonly Epoch[] {
    return this.#epochs.ancestors;
  }

  openEpoch(reason: EpochReason, { clockSynchronized = false }: { clockSynchronized?: boolean } = {}): Promise<Epoch> {
    return this.#loop.run(async () => {
      await this.#committer.drain();
      this.#epochs.openNext();
      for (const className of classes) this.#tails[className].clear();
      await this.#committer.begin(this.#epochs.opening(reason, { clockSynchronized }));
      await this.#committer.commitAll();
      this.#options.onEvent?.({ kind: "epoch", epoch: this.epoch, reason });
      return this.epoch;
    });
  }

  clockOffset(epoch: Epoch): bigint | undefined {
    return this.#board.find(epoch)?.clockOffsetNs;
  }

  fixClockOffset(offsetNs: bigint, epoch: Epoch = this.epoch): Promise<bigint> {
    return this.#loop.run(() => this.#watermark.fixClockOffset(offsetNs, epoch));
  }

  stats(): RingStats {
    const { space, fault, bufferedCount } = this.#committer;
    const { clock, bytesMax } = this.#options;
    const segments = this.#board.segments();
    const { bytesUsed, bytesReclaimable } = space;
    const rate = this.#rate.perSecond(clock.uptimeMs());
    const free = Math.max(0, bytesMax - bytesUsed) + bytesReclaimable;
    return {
      bytesUsed,
      bytesMax,
      bytesReclaimable,
      segments: segments.length,
      oldestTs: segments[0]?.header.createdNs,
      appendBytesPerSecond: rate,
      coverMs: rate > 0 ? free / rate * 1000 : undefined,
      buffered: bufferedCount,
      fault,
    };
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#closing.abort();
    await this.#scrubbing;
    await this.#loop.run(async () => {
      await this.#committer.commitAll();
      const { bufferedCount } = this.#committer;
      if (bufferedCount > 0) {
        this.#options.log.error("ring ends with records that never became durable", { bufferedCount });
      }
      await this.#committer.seal();
      await this.#watermark.tryWrite({ isLast: true });
      await this.#committer.space.settled();
      await this.#watermark.close();
      await this.#options.disk.release();
    });
    this.#closed.abort();
  }

  #refusal(className: Class, frames: readonly NewFrame[]): Fault | undefined {
    if (this.#isClosed) return new Fault("unavailable", "Cannot append frames: the ring is closed");
    if (frames.length === 0) return new Fault("bad_frame", "Cannot append frames: there are none");
    const waiting = this.#committer.waitingBytes;
    const most = ringWaitingBytesMax - (className === "critical" ? 0 : ringWaitingCriticalBytes);
    if (waiting <= most) return undefined;
    return new Fault("unavailable", `Cannot append frames: ${waiting} bytes wait for the disk already`);
  }

  #onDurable(className: Class, records: EncodedRecords, places: { from: number; to: number }): void {
    const { epoch } = this;
    const { from, to } = places;
    const range = { first: records.seqs[from], last: records.seqs[to - 1] };
    this.#board.series(epoch, className).durable = range.last;
    this.#tails[className].push(records, places);
    this.#rate.add(records.startOf(to) - records.startOf(from), this.#options.clock.uptimeMs());
    this.#options.onEvent?.({ kind: "appended", epoch, class: className, range });
  }

  /** Verdicts, and verdicts taken back, become durable some day. */
  #persistSoon(): void {
    if (!this.#isClosed && this.#watermark.pollDue()) void this.#loop.run(() => this.#watermark.tryWrite());
  }

  async #commit(): Promise<boolean> {
    await this.#committer.commitAll();
    return !this.#committer.hasGapsToName;
  }

  #lose(gap: Gap): void {
    this.#committer.lose(gap);
    this.#loop.wake();
  }

  async #scrub(): Promise<void> {
    const { disk, log, clock } = this.#options;
    const committer = this.#committer;
    const onDamage = (gap: Gap) => this.#lose(gap);
    const scrub = new Scrub({ disk, log, board: this.#board, open: () => committer.open, onDamage });
    const isBusy = () => committer.waitingBytes > 0 || committer.fault !== undefined;
    await scrub.run({ clock, signal: this.#closing.signal, isBusy });
  }

  /** A disk that fails is asked again, without a caller's help. */
  #retryLater(): void {
    if (!this.#committer.needsRetry || this.#isRetryDue || this.#isClosed) return;
    this.#isRetryDue = true;
    void pause(this.#options.clock, { delayMs: ringRetryMs, signal: this.#closing.signal }).then((isAwake) => {
      this.#isRetryDue = false;
      if (isAwake) void this.#loop.run(() => this.#committer.retry());
    });
  }
}
