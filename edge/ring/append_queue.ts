/**
 * What waits for the disk, per class of the open epoch: seqs are given and frames encoded when they arrive, so that
 * this work overlaps with the sync under way.
 */
import { ByteWriter } from "#proto/bytes.ts";
import type { Class } from "#proto/class.ts";
import { asFault, Fault } from "#proto/errors.ts";
import type { Epoch } from "#proto/ids.ts";
import { encodeRecord, recordBytes } from "#proto/record.ts";
import type { FrameRecord, Shape, ShapeHash } from "#proto/shape.ts";
import { ringShapesMax } from "../limits.ts";
import { entryHeaderBytes } from "./entry.ts";
import type { NewFrame, Place } from "./port.ts";

/** A record with its bytes as they go to disk. */
export interface EncodedRecord {
  readonly record: FrameRecord;
  readonly shapeNumber: number;
  readonly bytes: Uint8Array;
}

/** Frames that were appended together. */
export interface Append {
  readonly frames: readonly NewFrame[];
  /** The ring's own: kept and tried again after a failure, where a caller's are refused. */
  readonly retain: boolean;
  readonly records: EncodedRecord[];
  readonly resolve: (place: Place) => void;
  readonly reject: (fault: Fault) => void;
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
  /** Highest seq that may lie in a file, known after a failure. */
  #writtenTo = 0;
  #waiting: Append[] = [];
  #bytes = 0;

  /** `recordBytesMax`: what a record and its shape may take in an empty segment. */
  constructor(epoch: Epoch, options: { shapes: ShapeNumbers; recordBytesMax: number }) {
    this.#epoch = epoch;
    this.#shapes = options.shapes;
    this.#recordBytesMax = options.recordBytesMax;
  }

  /** Encoded bytes that wait. */
  get bytes(): number {
    return this.#bytes;
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** Lets frames wait; throws `bad_record`, `bad_shape` or `too_large`, and then takes none of them. */
  add(frames: readonly NewFrame[], outcome: Pick<Append, "retain" | "resolve" | "reject">): void {
    const records = this.#encode(frames, this.#next);
    this.#push({ ...outcome, frames, records });
  }

  /** Takes all that waits, to be written now. */
  take(): Append[] {
    const taken = this.#waiting;
    this.#waiting = [];
    this.#bytes = 0;
    return taken;
  }

  /**
   * After a failed write of `taken`: refuses callers' appends, what came in meanwhile too, and keeps the ring's own.
   * Seqs above `writtenTo` (and all former ones) never reached a file and are given out again; an own record below keeps
   * its seq.
   */
  fail(taken: readonly Append[], options: { fault: Fault; writtenTo: number; durable: number }): void {
    const all = [...taken, ...this.take()];
    this.#writtenTo = Math.max(this.#writtenTo, options.writtenTo, options.durable);
    this.#next = this.#writtenTo + 1;
    for (const append of all) {
      if (!append.retain) append.reject(options.fault);
      else if (append.records[0].record.seq <= this.#writtenTo) this.#waiting.push(append);
      else this.#addAgain(append);
    }
  }

  /** What waits, to be put into another epoch's queue. */
  moveTo(other: AppendQueue): void {
    for (const append of this.take()) other.#addAgain(append);
  }

  /** The place of an append. */
  placeOf(append: Append): Place {
    const first = append.records[0].record.seq;
    return { epoch: this.#epoch, first, last: first + append.records.length - 1 };
  }

  /** Encodes anew, for other seqs. */
  #addAgain(append: Append): void {
    try {
      this.add(append.frames, append);
    } catch (thrown) {
      append.reject(asFault(thrown));
    }
  }

  #push(append: Append): void {
    this.#next += append.records.length;
    this.#bytes += append.records.reduce((sum, { bytes }) => sum + bytes.length, 0);
    this.#waiting.push(append);
  }

  #encode(frames: readonly NewFrame[], first: number): EncodedRecord[] {
    const writer = new ByteWriter(frames.length * recordBytes({ seq: first, ...frames[0] }));
    return frames.map(({ ts, shape, values }, i) => {
      const record = { seq: first + i, ts, shape, values };
      const { number: shapeNumber, bytesMax } = this.#shapes.of(shape);
      const bytes = encodeRecord(record, shapeNumber, writer);
      if (bytes.length + bytesMax > this.#recordBytesMax) throw tooLarge(record, bytes.length);
      return { record, shapeNumber, bytes };
    });
  }
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

/** The classes' queues of one epoch. */
export type Queues = Readonly<Record<Class, AppendQueue>>;
