/** Turns a run of records into a batch, as large as the wire takes it. */
import { type BatchEncoder, batchHeaderBytes, createBatchEncoder, recordBytes } from "#proto/batch.ts";
import { classNumber } from "#proto/class.ts";
import { Fault } from "#proto/errors.ts";
import { batchRecordsMax } from "#proto/limits.ts";
import type { FrameRecord } from "#proto/shape.ts";
import { packingRatioMargin, packingRatioMin } from "../limits.ts";
import type { Ring } from "../ring/ring.ts";
import type { Run } from "./outbox.ts";

/** A prefix of a run, packed. */
export interface Packed {
  readonly records: readonly FrameRecord[];
  /** A whole batch, header and body. */
  readonly bytes: Uint8Array;
}

/** One agent's packer. It learns how far records shrink, so that a batch fills the wire's limit and not the disk's. */
export class Packer {
  readonly #ring: Pick<Ring, "read" | "clockOffset">;
  readonly #encoder: BatchEncoder = createBatchEncoder();
  /** Bytes on the wire per byte of {@link recordBytes}, with a margin. */
  #ratio = 1;

  constructor(ring: Pick<Ring, "read" | "clockOffset">) {
    this.#ring = ring;
  }

  /** Undefined when the ring no longer holds the first record. Rejects with `disk_failed`. */
  async pack(run: Run): Promise<Packed | undefined> {
    const { epoch, class: className, first, last } = run;
    const bodyBytesMax = run.bytesMax - batchHeaderBytes;
    const bytesMax = Math.max(1, Math.floor(bodyBytesMax / this.#ratio));
    const read = await this.#ring.read({ epoch, class: className, first, last, bytesMax });
    if (read.length === 0) return undefined;
    const records = read.length > batchRecordsMax ? read.slice(0, batchRecordsMax) : read;
    return this.#encode(records, run) ?? this.#encodeSurely(records, run);
  }

  /** Undefined when the records do not fit after all. */
  #encode(records: readonly FrameRecord[], run: Run): Packed | undefined {
    try {
      const bytes = this.#batchOf(records, run);
      if (bytes.byteLength > run.bytesMax) return undefined;
      this.#learn(records, bytes);
      return { records, bytes };
    } catch (thrown) {
      if (thrown instanceof Fault && thrown.code === "too_large") return undefined;
      throw thrown;
    }
  }

  /** As many records as fit whatever is in them; one at least. */
  #encodeSurely(records: readonly FrameRecord[], run: Run): Packed {
    this.#ratio = 1;
    let bytes = recordBytes(records[0]);
    let count = 1;
    while (count < records.length && (bytes += recordBytes(records[count])) < run.bytesMax - batchHeaderBytes) count++;
    const some = records.slice(0, count);
    return { records: some, bytes: this.#batchOf(some, run) };
  }

  #batchOf(records: readonly FrameRecord[], { epoch, class: className }: Run): Uint8Array {
    const clockOffsetNs = this.#ring.clockOffset(epoch);
    if (clockOffsetNs === undefined) throw new Error(`Epoch ${epoch} is sent before its clock offset is fixed`);
    return this.#encoder.encode(records, { epoch, class: classNumber(className), clockOffsetNs });
  }

  /** Only from batches that are not small: headers of blocks weigh too much in those. */
  #learn(records: readonly FrameRecord[], bytes: Uint8Array): void {
    const plain = records.reduce((sum, record) => sum + recordBytes(record), 0);
    if (plain < learnedBytesMin) return;
    const seen = Math.max(packingRatioMin, Math.min(1, packingRatioMargin * bytes.byteLength / plain));
    this.#ratio += (seen - this.#ratio) / 4;
  }
}

const learnedBytesMin = 8 * 1024;
