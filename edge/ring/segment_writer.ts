/** The open end of one segment: entries gather in memory and go to disk with one write and one sync. */
import type { Disk, DiskFile } from "#proto/ports.ts";
import { union } from "#proto/ranges.ts";
import { encodeShape, type Shape } from "#proto/shape.ts";
import { ringMarkBytes } from "../limits.ts";
import type { Segment } from "./board.ts";
import type { EncodedRecords } from "./encoded_records.ts";
import { endEntryBytes, entryHeaderBytes } from "./entry.ts";
import { EntryWriter } from "./entry_writer.ts";
import { trimTo } from "./files.ts";
import { type Mark, shapeBody } from "./scan.ts";
import { encodeSegmentHeader, headerBytes } from "./segment_header.ts";

/** A new, empty content for a segment that is begun. */
export function emptyContent() {
  return { held: [], end: headerBytes, shapes: [], marks: [] };
}

/** Bytes of an empty segment that the entries of records and shapes may take. */
export function roomIn(segmentBytes: number): number {
  return segmentBytes - headerBytes - endEntryBytes;
}

/** Writes one segment. Calls do not overlap: the ring's commits come one after another. */
export class SegmentWriter {
  readonly segment: Segment;
  readonly #file: DiskFile;
  readonly #disk: Disk;
  readonly #entries: EntryWriter;
  /** Highest seq among the entries or before them. */
  #last: number;
  #isNew = true;
  readonly #shapes: Shape[] = [];
  readonly #marks: Mark[] = [];

  constructor(segment: Segment, options: { file: DiskFile; disk: Disk }) {
    this.segment = segment;
    this.#file = options.file;
    this.#disk = options.disk;
    const { header, bytes } = segment;
    this.#entries = new EntryWriter(encodeSegmentHeader(header), { salt: header.salt, bytesMax: bytes });
    this.#last = header.first - 1;
  }

  /** Takes records from place `from` on as long as they fit and follow one another; returns where it stopped. */
  fill(records: EncodedRecords, from: number): number {
    let at = from;
    while (at < records.count && this.#define(records, at)) {
      const to = this.#fitting(records, at);
      if (to === at) break;
      this.#take(records, { from: at, to });
      at = to;
    }
    return at;
  }

  /**
   * Makes durable what was taken. After a rejection the file is not to be trusted: {@link seal} it, never flush again.
   */
  async flush(): Promise<void> {
    await this.#file.write(this.#entries.base, this.#entries.ended(this.#last));
    await this.#file.sync();
    if (this.#isNew) await this.#disk.syncDirectory();
    this.#isNew = false;
    this.#entries.begin();
    const { segment } = this;
    segment.last = this.#last;
    segment.content = {
      held: union([], [{ first: segment.header.first, last: this.#last }]),
      end: this.#entries.base,
      shapes: this.#shapes,
      marks: this.#marks,
    };
  }

  /** Ends the segment; `trim` gives back the space behind its end. */
  async seal({ trim }: { trim: boolean }): Promise<void> {
    try {
      const bytes = this.#entries.base + endEntryBytes;
      if (trim && bytes < this.segment.bytes) {
        await trimTo(this.#file, bytes);
        this.segment.bytes = bytes;
      }
    } finally {
      await this.#file.close();
    }
  }

  /** Bytes that entries may still take. */
  get #room(): number {
    return this.segment.bytes - endEntryBytes - this.#entries.end;
  }

  /** Sees to it that a record's shape is defined before it; false when the two do not fit. */
  #define(records: EncodedRecords, at: number): boolean {
    const number = records.shapeNumbers[at];
    if (this.#shapes[number] !== undefined) return true;
    const { shape } = records.frames[at];
    const body = shapeBody(number, encodeShape(shape));
    if (2 * (entryHeaderBytes + body.length) + records.sizeOf(at) > this.#room) return false;
    // Twice: one damaged place must not cost all records of the shape.
    this.#entries.write("shape", body);
    this.#entries.write("shape", body);
    this.#shapes[number] = shape;
    return true;
  }

  /** Behind the last of the records from `from` on that fit, follow one another and whose shapes are defined. */
  #fitting(records: EncodedRecords, from: number): number {
    const bytesMax = records.startOf(from) + this.#room;
    const { seqs, shapeNumbers } = records;
    let at = from;
    while (
      at < records.count && records.startOf(at + 1) <= bytesMax && seqs[at] === this.#last + 1 + at - from &&
      this.#shapes[shapeNumbers[at]] !== undefined
    ) at++;
    return at;
  }

  /** Takes records that fit: their bytes with one copy, then the heads. */
  #take(records: EncodedRecords, { from, to }: { from: number; to: number }): void {
    this.#entries.lay(records.bytes.subarray(records.startOf(from), records.startOf(to)));
    for (let at = from; at < to; at++) {
      this.#mark(records.seqs[at]);
      this.#entries.seal("record", records.sizeOf(at) - entryHeaderBytes);
    }
    this.#last = records.seqs[to - 1];
  }

  /** Marks where a record begins, if the last mark is far enough. */
  #mark(seq: number): void {
    const offset = this.#entries.end;
    const mark = this.#marks.at(-1);
    if (mark === undefined || offset - mark.offset >= ringMarkBytes) this.#marks.push({ seq, offset });
  }
}
