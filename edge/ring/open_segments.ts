/**
 * The segments of the open epoch that are being written, one for each class.
 *
 *     none --write--> open --full, sealed or given up--> none
 *                      '--- a write or sync fails -----> none: the same records go from memory into a new segment, once
 *
 * No file is synced again after a failed sync: the kernel may have dropped the bytes and call them clean.
 */
import { ok } from "node:assert/strict";
import type { Class } from "#proto/class.ts";
import { asFault, Fault } from "#proto/errors.ts";
import type { Disk, Log, Random } from "#proto/ports.ts";
import type { Board, Segment } from "./board.ts";
import type { EncodedRecords } from "./encoded_records.ts";
import type { Epochs } from "./epochs.ts";
import { segmentName } from "./files.ts";
import type { SegmentHeader } from "./segment_header.ts";
import { emptyContent, SegmentWriter } from "./segment_writer.ts";
import type { Space } from "./space.ts";

/** What {@link OpenSegments} needs. */
export interface OpenSegmentsOptions {
  readonly disk: Disk;
  readonly board: Board;
  readonly log: Log;
  readonly random: Random;
  readonly epochs: Epochs;
  readonly segmentBytes: number;
  /** Number of the first segment to be made. */
  readonly nextId: number;
  /** Called with records that have just become durable: those from one place to before another. */
  readonly onDurable: (className: Class, records: EncodedRecords, places: { from: number; to: number }) => void;
}

/** Writes records into segments. Calls that write or end segments must not overlap. */
export class OpenSegments {
  readonly #options: OpenSegmentsOptions;
  readonly #space: Space;
  readonly #writers = new Map<Class, SegmentWriter>();
  #nextId: number;

  constructor(space: Space, options: OpenSegmentsOptions) {
    this.#space = space;
    this.#options = options;
    this.#nextId = options.nextId;
  }

  /** The segments that are open now. */
  all(): ReadonlySet<Segment> {
    return new Set([...this.#writers.values()].map(({ segment }) => segment));
  }

  /** The open segment of a class, alone. */
  only(className: Class): ReadonlySet<Segment> {
    const writer = this.#writers.get(className);
    return new Set(writer === undefined ? [] : [writer.segment]);
  }

  /**
   * Makes the records from a place on durable. Rejects with `ring_full`, `disk_full` or `disk_failed`; `progress` then
   * tells the highest seq that may lie in a file.
   */
  async write(
    className: Class,
    records: EncodedRecords,
    progress: { readonly from: number; writtenTo: number },
  ): Promise<void> {
    let { from } = progress;
    let failures = 0;
    while (from < records.count) {
      const open = this.#writers.get(className);
      const writer = open ?? await this.#begin(className, records.seqs[from]).catch((thrown) => {
        if (++failures > 1 || !(thrown instanceof Fault && thrown.code === "disk_failed")) throw thrown;
      });
      if (writer === undefined) continue;
      const to = writer.fill(records, from);
      if (to === from) {
        ok(open !== undefined, "an empty segment takes any record");
        await this.#end(className, { trim: false });
        continue;
      }
      progress.writtenTo = records.seqs[to - 1];
      try {
        await writer.flush();
      } catch (thrown) {
        await this.#abandon(className, writer);
        if (++failures > 1) throw thrown;
        this.#options.log.warn("ring rewrites records from memory", { reason: asFault(thrown).message });
        continue;
      }
      this.#options.onDurable(className, records, { from, to });
      from = to;
    }
  }

  /** Ends all open segments and gives back the space behind their ends. */
  async seal(): Promise<void> {
    for (const className of [...this.#writers.keys()]) await this.#end(className, { trim: true });
  }

  /** Ends those of the segments that are open, and leaves them their size. */
  async end(segments: readonly Segment[]): Promise<void> {
    for (const [className, { segment }] of [...this.#writers]) {
      if (segments.includes(segment)) await this.#end(className, { trim: false });
    }
  }

  async #begin(className: Class, first: number): Promise<SegmentWriter> {
    const { board, random, segmentBytes, disk, epochs } = this.#options;
    const id = this.#nextId++;
    const name = segmentName(id);
    const file = await this.#space.take(name, className);
    const salt = random.bytes(4);
    const header: SegmentHeader = {
      id,
      epoch: epochs.current,
      class: className,
      first,
      salt: new DataView(salt.buffer, salt.byteOffset).getUint32(0, true),
      clockOffsetNs: board.epoch(epochs.current).clockOffsetNs,
      createdNs: epochs.nowNs(),
      ancestors: epochs.ancestors,
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
    this.#options.board.drop(segment, this.#options.epochs.current);
    await this.#space.discard(segment.name, segment.bytes);
  }
}
