/** The open end of one segment: entries gather in memory and go to disk with one write and one sync. */
import type { Disk, DiskFile } from "#proto/ports.ts";
import { union } from "#proto/ranges.ts";
import { encodeShape, type Shape } from "#proto/shape.ts";
import { ringMarkBytes } from "../limits.ts";
import type { EncodedRecord } from "./append_queue.ts";
import type { Segment } from "./board.ts";
import { endBody, endEntryBytes, type Entry, entryHeaderBytes, writeEntry } from "./entry.ts";
import { trimTo } from "./files.ts";
import { type Mark, shapeBody } from "./scan.ts";
import { encodeSegmentHeader, headerBytes } from "./segment_header.ts";

/** A new, empty content for a segment that is begun. */
export function emptyContent() {
  return { held: [], end: headerBytes, shapes: [], marks: [] };
}

/** Bytes of an empty segment that records and shapes may take. */
export function roomIn(segmentBytes: number): number {
  return segmentBytes - headerBytes - endEntryBytes - entryHeaderBytes;
}

/** Writes one segment. Calls do not overlap: the ring's commits come one after another. */
export class SegmentWriter {
  readonly segment: Segment;
  readonly #file: DiskFile;
  readonly #disk: Disk;
  #buffer: Uint8Array<ArrayBuffer>;
  #view: DataView;
  /** Offset in the file of the buffer's begin. */
  #base = 0;
  #used = headerBytes;
  /** Highest seq in the buffer or before it. */
  #last: number;
  #isNew = true;
  readonly #shapes: Shape[] = [];
  readonly #marks: Mark[] = [];

  constructor(segment: Segment, options: { file: DiskFile; disk: Disk }) {
    this.segment = segment;
    this.#file = options.file;
    this.#disk = options.disk;
    this.#buffer = encodeSegmentHeader(segment.header);
    this.#view = new DataView(this.#buffer.buffer);
    this.#last = segment.header.first - 1;
  }

  /** Takes records from place `from` on as long as they fit and follow one another; returns where it stopped. */
  fill(records: readonly EncodedRecord[], from: number): number {
    let at = from;
    while (at < records.length && records[at].record.seq === this.#last + 1 && this.#add(records[at])) at++;
    return at;
  }

  /**
   * Makes durable what was taken. After a rejection the file is not to be trusted: {@link seal} it, never flush again.
   */
  async flush(): Promise<void> {
    writeEntry(this.#place(endEntryBytes), { kind: "end", body: endBody(this.#last) });
    await this.#file.write(this.#base, this.#buffer.subarray(0, this.#used + endEntryBytes));
    await this.#file.sync();
    if (this.#isNew) await this.#disk.syncDirectory();
    this.#isNew = false;
    this.#base += this.#used;
    this.#used = 0;
    const { segment } = this;
    segment.last = this.#last;
    segment.content = {
      held: union([], [{ first: segment.header.first, last: this.#last }]),
      end: this.#base,
      shapes: this.#shapes,
      marks: this.#marks,
    };
  }

  /** Ends the segment; `trim` gives back the space behind its end. */
  async seal({ trim }: { trim: boolean }): Promise<void> {
    try {
      const bytes = this.#base + endEntryBytes;
      if (trim && bytes < this.segment.bytes) {
        await trimTo(this.#file, bytes);
        this.segment.bytes = bytes;
      }
    } finally {
      await this.#file.close();
    }
  }

  #add(encoded: EncodedRecord): boolean {
    const { record: { seq, shape }, shapeNumber, bytes } = encoded;
    const definition = this.#shapes[shapeNumber] === undefined ? shapeBody(shapeNumber, encodeShape(shape)) : undefined;
    const shapeBytes = definition === undefined ? 0 : 2 * (entryHeaderBytes + definition.length);
    const end = this.#base + this.#used + shapeBytes + entryHeaderBytes + bytes.length + endEntryBytes;
    if (end > this.segment.bytes) return false;
    if (definition !== undefined) {
      // Twice: one damaged place must not cost all records of the shape.
      this.#write({ kind: "shape", body: definition });
      this.#write({ kind: "shape", body: definition });
      this.#shapes[shapeNumber] = shape;
    }
    const offset = this.#base + this.#used;
    const mark = this.#marks.at(-1);
    if (mark === undefined || offset - mark.offset >= ringMarkBytes) this.#marks.push({ seq, offset });
    this.#write({ kind: "record", body: bytes });
    this.#last = seq;
    return true;
  }

  #write(entry: Entry): void {
    this.#used = writeEntry(this.#place(entryHeaderBytes + entry.body.length), entry);
  }

  /** Where the next entry goes, with room for it. */
  #place(bytes: number) {
    if (this.#used + bytes > this.#buffer.length) {
      const larger = new Uint8Array(Math.min(this.segment.bytes, 2 * (this.#used + bytes) + endEntryBytes));
      larger.set(this.#buffer.subarray(0, this.#used));
      this.#buffer = larger;
      this.#view = new DataView(larger.buffer);
    }
    return { bytes: this.#buffer, view: this.#view, at: this.#used, base: this.#base, salt: this.segment.header.salt };
  }
}
