/** Reads a segment's bytes into what the ring must know of it. Pure; any bytes are safe. */
import { Fault } from "#proto/errors.ts";
import { decodeRecord } from "#proto/record.ts";
import { none, type Range, type Ranges, union } from "#proto/ranges.ts";
import { decodeShape, type FrameRecord, type Shape } from "#proto/shape.ts";
import { endSeq, walkEntries } from "./entry.ts";
import { headerBytes, type SegmentHeader } from "./segment_header.ts";
import { ringMarkBytes } from "../limits.ts";

/** A place to begin reading at. */
export interface Mark {
  /** Seq of the record there. */
  readonly seq: number;
  readonly offset: number;
}

/** What a segment holds. */
export interface SegmentContent {
  /** Seqs of its whole records. */
  readonly held: Ranges;
  /** Behind the last whole entry. */
  readonly end: number;
  /** By their number in the segment; with holes. */
  readonly shapes: readonly Shape[];
  readonly marks: readonly Mark[];
}

/**
 * Scans a whole segment. `last` is the highest seq that is known to have been written there, whole or not; one less than
 * the header's first for none.
 */
export function scanSegment(bytes: Uint8Array, header: SegmentHeader): { content: SegmentContent; last: number } {
  const shapes: Shape[] = [];
  const marks: Mark[] = [];
  let held: Ranges = none;
  let run: Range = { first: header.first, last: header.first - 1 };
  let end = headerBytes;
  let last = header.first - 1;
  for (
    const step of walkRecords(bytes, { base: 0, from: headerBytes, salt: header.salt, first: header.first, shapes })
  ) {
    end = step.end;
    last = step.seq;
    if (step.body === undefined) continue;
    if (step.seq !== run.last + 1) {
      held = addRun(held, run);
      run = { first: step.seq, last: step.seq };
    } else run = { first: run.first, last: step.seq };
    const mark = marks.at(-1);
    if (mark === undefined || step.start - mark.offset >= ringMarkBytes) {
      marks.push({
        seq: step.seq,
        offset: step.start,
      });
    }
  }
  return { content: { held: addRun(held, run), end, shapes, marks }, last };
}

function addRun(held: Ranges, run: Range): Ranges {
  return run.last < run.first ? held : union(held, [run]);
}

/** One whole record, or the end entry (`body` undefined, `seq` the highest there is). */
interface RecordStep {
  readonly seq: number;
  readonly start: number;
  readonly end: number;
  readonly body: Uint8Array | undefined;
}

interface WalkOptions {
  readonly base: number;
  readonly from: number;
  readonly salt: number;
  /** Seq of the first record at `from`. */
  readonly first: number;
  /** Shapes known so far; those met on the way are added. */
  readonly shapes: Shape[];
}

/**
 * Walks over whole records with their seqs. Seqs are counted; behind damage that may have hit several records the next
 * one is asked for its own. A record whose seq does not fit (or cannot be read) is passed over like damage.
 */
export function* walkRecords(bytes: Uint8Array, options: WalkOptions): Generator<RecordStep, void, void> {
  let next = options.first;
  let certain = true;
  for (const entry of walkEntries(bytes, options)) {
    if (entry.kind === "damage") {
      if (entry.lost === "record") next++;
      else if (entry.lost === undefined) certain = false;
    } else if (entry.kind === "shape") {
      learnShape(entry.body, options.shapes);
    } else if (entry.kind === "end") {
      const seq = endSeq(entry.body);
      if (seq >= next - 1) yield { seq, start: entry.start, end: entry.end, body: undefined };
    } else {
      const seq = certain ? next : tryDecode(entry.body, options.shapes)?.seq;
      if (seq === undefined || seq < next) continue;
      certain = true;
      next = seq + 1;
      yield { seq, start: entry.start, end: entry.end, body: entry.body };
    }
  }
}

/** Decodes a record; undefined when the bytes are none or its shape is not known. */
export function tryDecode(body: Uint8Array, shapes: readonly Shape[]): FrameRecord | undefined {
  return unlessFault(() => decodeRecord(body, shapes));
}

/** The body of a shape entry. */
export function shapeBody(number: number, definition: Uint8Array): Uint8Array {
  const body = new Uint8Array(4 + definition.length);
  new DataView(body.buffer).setUint32(0, number, true);
  body.set(definition, 4);
  return body;
}

function learnShape(body: Uint8Array, shapes: Shape[]): void {
  if (body.length < 4) return;
  const number = new DataView(body.buffer, body.byteOffset, 4).getUint32(0, true);
  if (shapes[number] !== undefined) return;
  const shape = unlessFault(() => decodeShape(body.subarray(4)));
  if (shape !== undefined) shapes[number] = shape;
}

/** Bytes whose checksum holds and that still make no sense are another version's: they count as damaged. */
function unlessFault<T>(decode: () => T): T | undefined {
  try {
    return decode();
  } catch (thrown) {
    if (thrown instanceof Fault) return undefined;
    throw thrown;
  }
}
