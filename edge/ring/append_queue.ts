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
import { ok } from "node:assert/strict";
import { asFault, Fault } from "#proto/errors.ts";
import type { Epoch } from "#proto/ids.ts";
import { normalize, type Range, type Ranges } from "#proto/ranges.ts";
import type { Shape, ShapeHash } from "#proto/shape.ts";
import { ringShapesMax } from "../limits.ts";
import { EncodedRecords } from "./encoded_records.ts";
import { entryHeaderBytes } from "./entry.ts";
import { letGo } from "./let_go.ts";
import type { Appended, NewFrame } from "./port.ts";

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
  /** Seq of the first of them. */
  readonly first: number;
  retention: "none" | "own" | "buffered";
}

/** Appends and their records, in order. */
interface Pending {
  appends: Append[];
  records: EncodedRecords;
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
  #waiting: Pending = { appends: [], records: new EncodedRecords() };
  /** Its records' memory becomes that of the next ones to wait. */
  #inFlight: Pending = { appends: [], records: new EncodedRecords() };

  /** `recordBytesMax`: what a record's entry and its shape's may take in an empty segment. */
  constructor(epoch: Epoch, options: { shapes: ShapeNumbers; recordBytesMax: number }) {
    this.#epoch = epoch;
    this.#shapes = options.shapes;
    this.#recordBytesMax = options.recordBytesMax;
  }

  /** Encoded bytes that wait or are on their way. */
  get bytes(): number {
    return this.#waiting.records.byteLength + this.#inFlight.records.byteLength;
  }

  get isEmpty(): boolean {
    return this.#waiting.appends.length === 0;
  }

  /** Whether records wait whose seqs are promised. */
  get hasRetained(): boolean {
    return this.#all().some(({ retention }) => retention !== "none");
  }

  /** Records answered `buffered` that are not durable yet. */
  get bufferedCount(): number {
    return this.#all().reduce(
      (sum, { retention, frames }) => retention === "buffered" ? sum + frames.length : sum,
      0,
    );
  }

  /** When the oldest append without an answer came; undefined when all have one. */
  get oldestUnansweredMs(): number | undefined {
    const isUnanswered = ({ retention, outcome }: Append) => retention === "none" && outcome.atMs !== undefined;
    return (this.#inFlight.appends.find(isUnanswered) ?? this.#waiting.appends.find(isUnanswered))?.outcome.atMs;
  }

  /** Lets a caller's frames wait; throws `bad_record`, `bad_shape` or `too_large`, and then takes none of them. */
  add(frames: readonly NewFrame[], outcome: Outcome): void {
    this.#push(frames, { outcome, retention: "none" });
  }

  /** Lets a frame of the ring's own wait, which is never refused; `resolve` is called when it is durable. */
  addOwn(frame: NewFrame, resolve: () => void): void {
    this.#push([frame], { outcome: { atMs: undefined, resolve, reject: () => {} }, retention: "own" });
  }

  /** Takes all that waits, to be written now; {@link finish} or {@link fail} must follow, and end their use. */
  take(): EncodedRecords {
    const former = this.#inFlight;
    ok(former.appends.length === 0, "what was taken before is finished or has failed");
    this.#inFlight = this.#waiting;
    this.#waiting = former;
    return this.#inFlight.records;
  }

  /** What was taken is durable. */
  finish(): void {
    const { appends } = this.#inFlight;
    this.#endFlight();
    for (const append of appends) this.#answer(append, "durable");
    letGo(appends);
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
    const [done, rest] = partition(this.#all(), (append) => lastOf(append) <= durable);
    const isKept = ({ retention }: Append) => retention === "own" || (retention === "buffered" && !options.givesUp);
    const [kept, gone] = partition(rest, isKept);
    this.#endFlight();
    this.#wait(kept);
    const [buffered, others] = partition(gone, ({ retention }) => retention === "buffered");
    const promised = [...kept, ...buffered].map(lastOf);
    this.#floor = Math.max(this.#floor, writtenTo, durable, ...promised);
    this.#next = this.#floor + 1;
    const within = { first: durable + 1, last: this.#floor };
    const lost = rangesOf(buffered, within);
    const refused = rangesOf(others, within);
    for (const append of done) this.#answer(append, "durable");
    for (const append of gone) append.outcome.reject(fault);
    return { refused, lost };
  }

  /** What waits without an answer, to be put into another epoch's queue. Nothing else may wait. */
  moveTo(other: AppendQueue): void {
    this.take();
    const { appends } = this.#inFlight;
    this.#endFlight();
    for (const append of appends) other.#addAgain(append);
  }

  #answer({ frames, first, outcome }: Append, state: Appended["state"]): void {
    outcome.resolve({ epoch: this.#epoch, first, last: first + frames.length - 1, state });
  }

  #all(): Append[] {
    return [...this.#inFlight.appends, ...this.#waiting.appends];
  }

  #endFlight(): void {
    this.#inFlight.appends = [];
    this.#inFlight.records.clear();
  }

  /** From now on these alone wait, with the seqs that they have. */
  #wait(appends: Append[]): void {
    const { records } = this.#waiting;
    records.clear();
    this.#waiting.appends = appends;
    for (const { frames, first } of appends) this.#encode(frames, first);
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
    const first = this.#next;
    this.#encode(frames, first);
    this.#next += frames.length;
    this.#waiting.appends.push({ outcome, frames, first, retention });
  }

  /** Adds frames to the records that wait: all of them, or none and throws. */
  #encode(frames: readonly NewFrame[], first: number): void {
    const { records } = this.#waiting;
    const { count } = records;
    try {
      for (let i = 0; i < frames.length; i++) {
        const { number: shapeNumber, bytesMax } = this.#shapes.of(frames[i].shape);
        const bytes = records.add({ frame: frames[i], seq: first + i, shapeNumber });
        if (bytes + bytesMax > this.#recordBytesMax) throw tooLarge(frames[i], bytes);
      }
    } catch (thrown) {
      records.truncate(count);
      throw thrown;
    }
  }
}

function lastOf({ first, frames }: Append): number {
  return first + frames.length - 1;
}

function rangesOf(appends: readonly Append[], within: Range): Ranges {
  return normalize(
    appends
      .map((append) => ({ first: Math.max(append.first, within.first), last: Math.min(lastOf(append), within.last) }))
      .filter(({ first, last }) => first <= last),
  );
}

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

function tooLarge({ shape: { stream } }: NewFrame, bytes: number): Fault {
  return new Fault("too_large", `Cannot append frame of stream "${stream}": its ${bytes} bytes fit no segment`);
}
