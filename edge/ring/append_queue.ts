/**
 * What waits for the disk, per class of the open epoch: seqs are given and frames encoded when they arrive, so that
 * this work overlaps with the sync under way.
 *
 *     add --> waiting --take--> in flight --finish--> durable
 *                ^                  |
 *                '------ fail ------+--> refused, unless retained
 *
 * Retained are the ring's own records, and a caller's that were answered `buffered`: they keep their seqs whatever
 * happens, and are tried again until they are durable.
 */
import { ByteWriter } from "#proto/bytes.ts";
import { asFault, Fault } from "#proto/errors.ts";
import type { Epoch } from "#proto/ids.ts";
import { normalize, type Range, type Ranges } from "#proto/ranges.ts";
import { encodeRecord } from "#proto/record.ts";
import type { FrameRecord, Shape, ShapeHash } from "#proto/shape.ts";
import { ringShapesMax } from "../limits.ts";
import { entryHeaderBytes } from "./entry.ts";
import type { Appended, NewFrame, Place } from "./port.ts";

/** A record with its bytes as they go to disk. */
export interface EncodedRecord {
  readonly record: FrameRecord;
  readonly shapeNumber: number;
  readonly bytes: Uint8Array;
}

/** Who waits for an append. */
export interface Outcome {
  /** When it came, by uptime; undefined: it waits until it is durable, however long that takes. */
  readonly atMs: number | undefined;
  /** Called when it is durable, or before that when it is late. */
  readonly resolve: (answer: Appended) => void;
  readonly reject: (fault: Fault) => void;
}

/** Frames that were appended together. */
export interface Append {
  readonly outcome: Outcome;
  readonly frames: readonly NewFrame[];
  readonly records: EncodedRecord[];
  readonly bytes: number;
  retention: "none" | "own" | "buffered";
}

interface NumberedShape {
  readonly number: number;
  /** What its entries take in a segment at most. */
  readonly bytesMax: number;
}

/** Numbers for an epoch's shapes, the same in all its segments. */
export class ShapeNumbers {
  readonly #known = new Map<ShapeHash, NumberedShape>();

  /** The shape's number; throws `bad_shape` when an epoch has too many. */
  of(shape: Shape): NumberedShape {
    const known = this.#known.get(shape.hash);
    if (known !== undefined) return known;
    const number = this.#known.size;
    if (number >= ringShapesMax) {
      throw new Fault(
        "bad_shape",
        `Cannot take stream "${shape.stream}": ${number} shapes in this epoch, no more can be`,
      );
    }
    const numbered = { number, bytesMax: shapeBytesAtMost(shape) };
    this.#known.set(shape.hash, numbered);
    return numbered;
  }
}

/** The appends of one class that wait, and the next seq. */
export class AppendQueue {
  readonly #epoch: Epoch;
  readonly #shapes: ShapeNumbers;
  readonly #recordBytesMax: number;
  #next = 1;
  /** No seq up to here is given out again. */
  #floor = 0;
  #waiting: Append[] = [];
  #inFlight: readonly Append[] = [];
  #waitingBytes = 0;
  #inFlightBytes = 0;
  /** Records are encoded one behind the other: a buffer for each append would cost more than encoding it. */
  #slab = new ByteWriter(0);
  /** What the last record took: the next ones are expected to be like it, and the slab grows where they are not. */
  #recordBytes = 0;

  /** `recordBytesMax`: what a record and its shape may take in an empty segment. */
  constructor(epoch: Epoch, options: { shapes: ShapeNumbers; recordBytesMax: number }) {
    this.#epoch = epoch;
    this.#shapes = options.shapes;
    this.#recordBytesMax = options.recordBytesMax;
  }

  /** Encoded bytes that wait or are on their way. */
  get bytes(): number {
    return this.#waitingBytes + this.#inFlightBytes;
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** Whether records wait whose seqs are promised. */
  get hasRetained(): boolean {
    return this.#all().some(({ retention }) => retention !== "none");
  }

  /** Records answered `buffered` that are not durable yet. */
  get bufferedCount(): number {
    return this.#all().reduce(
      (sum, { retention, records }) => retention === "buffered" ? sum + records.length : sum,
      0,
    );
  }

  /** When the oldest append without an answer came; undefined when all have one. */
  get oldestUnansweredMs(): number | undefined {
    const isUnanswered = ({ retention, outcome }: Append) => retention === "none" && outcome.atMs !== undefined;
    return (this.#inFlight.find(isUnanswered) ?? this.#waiting.find(isUnanswered))?.outcome.atMs;
  }

  /** Lets a caller's frames wait; throws `bad_record`, `bad_shape` or `too_large`, and then takes none of them. */
  add(frames: readonly NewFrame[], outcome: Outcome): void {
    this.#push(frames, { outcome, retention: "none" });
  }

  /** Lets a frame of the ring's own wait, which is never refused; `resolve` is called when it is durable. */
  addOwn(frame: NewFrame, resolve: () => void): void {
    this.#push([frame], { outcome: { atMs: undefined, resolve, reject: () => {} }, retention: "own" });
  }

  /** Takes all that waits, to be written now; {@link finish} or {@link fail} must follow. */
  take(): readonly Append[] {
    this.#inFlight = this.#waiting;
    this.#inFlightBytes = this.#waitingBytes;
    this.#waiting = [];
    this.#waitingBytes = 0;
    return this.#inFlight;
  }

  /** What was taken is durable. */
  finish(): void {
    const done = this.#inFlight;
    this.#inFlight = [];
    this.#inFlightBytes = 0;
    for (const append of done) this.#answer(append, "durable");
  }

  /** Answers appends that came before a time and have no answer yet: from now on their seqs are promised. */
  answerLate(beforeMs: number): void {
    for (const append of this.#all()) {
      const { retention, outcome: { atMs } } = append;
      if (retention !== "none" || atMs === undefined || atMs > beforeMs) continue;
      append.retention = "buffered";
      this.#answer(append, "buffered");
    }
  }

  /**
   * After a failed write of what was taken. Appends that are durable as a whole are done. Others are refused, what came
   * in meanwhile too, unless retained; with `givesUp` buffered ones go as well. Returns the seqs above `durable` that
   * will never be given out again: they may lie in a file (up to `writtenTo`), or a promised one follows them.
   */
  fail(options: { fault: Fault; writtenTo: number; durable: number; givesUp: boolean }): Unused {
    const { fault, writtenTo, durable } = options;
    const [done, rest] = partition(this.#all(), (append) => this.placeOf(append).last <= durable);
    const isKept = ({ retention }: Append) => retention === "own" || (retention === "buffered" && !options.givesUp);
    const [kept, gone] = partition(rest, isKept);
    this.#inFlight = [];
    this.#inFlightBytes = 0;
    this.#waiting = kept;
    this.#waitingBytes = kept.reduce((sum, { bytes }) => sum + bytes, 0);
    const [buffered, others] = partition(gone, ({ retention }) => retention === "buffered");
    const promised = [...kept, ...buffered].map((append) => this.placeOf(append).last);
    this.#floor = Math.max(this.#floor, writtenTo, durable, ...promised);
    this.#next = this.#floor + 1;
    const within = { first: durable + 1, last: this.#floor };
    const lost = this.#placesOf(buffered, within);
    const refused = this.#placesOf(others, within);
    for (const append of done) this.#answer(append, "durable");
    for (const append of gone) append.outcome.reject(fault);
    return { refused, lost };
  }

  /** What waits without an answer, to be put into another epoch's queue. Nothing else may wait. */
  moveTo(other: AppendQueue): void {
    for (const append of this.take()) other.#addAgain(append);
    this.#inFlight = [];
    this.#inFlightBytes = 0;
  }

  /** The place of an append. */
  placeOf({ records }: Append): Place {
    return { epoch: this.#epoch, first: records[0].record.seq, last: records[records.length - 1].record.seq };
  }

  #answer({ records, outcome }: Append, state: Appended["state"]): void {
    const first = records[0].record.seq;
    outcome.resolve({ epoch: this.#epoch, first, last: first + records.length - 1, state });
  }

  #all(): Append[] {
    return [...this.#inFlight, ...this.#waiting];
  }

  #placesOf(appends: readonly Append[], within: Range): Ranges {
    return normalize(
      appends.map((append) => this.placeOf(append))
        .map(({ first, last }) => ({ first: Math.max(first, within.first), last: Math.min(last, within.last) }))
        .filter(({ first, last }) => first <= last),
    );
  }

  /** Encodes anew, for other seqs. */
  #addAgain(append: Append): void {
    try {
      this.#push(append.frames, append);
    } catch (thrown) {
      append.outcome.reject(asFault(thrown));
    }
  }

  #push(frames: readonly NewFrame[], { outcome, retention }: Pick<Append, "outcome" | "retention">): void {
    const records = this.#encode(frames, this.#next);
    let bytes = 0;
    for (const record of records) bytes += record.bytes.length;
    this.#next += records.length;
    this.#waitingBytes += bytes;
    this.#waiting.push({ outcome, frames, records, bytes, retention });
  }

  #slabFor(count: number): ByteWriter {
    const expected = count * this.#recordBytes;
    const { bytes, length } = this.#slab;
    if (bytes.length - length < expected || length > slabBytes) {
      this.#slab = new ByteWriter(Math.max(slabBytes, expected));
    }
    return this.#slab;
  }

  #encode(frames: readonly NewFrame[], first: number): EncodedRecord[] {
    const writer = this.#slabFor(frames.length);
    return frames.map(({ ts, shape, values }, i) => {
      const record = { seq: first + i, ts, shape, values };
      const { number: shapeNumber, bytesMax } = this.#shapes.of(shape);
      const bytes = encodeRecord(record, shapeNumber, writer);
      if (bytes.length + bytesMax > this.#recordBytesMax) throw tooLarge(record, bytes.length);
      this.#recordBytes = bytes.length;
      return { record, shapeNumber, bytes };
    });
  }
}

const slabBytes = 64 * 1024;

/** Seqs that were given out and will never bear a record. */
export interface Unused {
  /** Answered with an error. */
  readonly refused: Ranges;
  /** Answered `buffered` and given up. */
  readonly lost: Ranges;
}

function partition<T>(items: readonly T[], isFirst: (item: T) => boolean): [T[], T[]] {
  return [items.filter(isFirst), items.filter((item) => !isFirst(item))];
}

/** Bytes that a shape's two entries take at most: names are ASCII, a stream's name and counts take less than 80. */
function shapeBytesAtMost(shape: Shape): number {
  const definition = shape.fields.reduce((sum, { name }) => sum + name.length + 3, 80);
  return 2 * (entryHeaderBytes + 4 + definition);
}

function tooLarge(record: FrameRecord, bytes: number): Fault {
  const stream = record.shape.stream;
  return new Fault("too_large", `Cannot append frame of stream "${stream}": its ${bytes} bytes fit no segment`);
}
