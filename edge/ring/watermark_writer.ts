/** When the watermark is written: before anything that depends on it, and with verdicts some day. */
import { asFault, Fault } from "#proto/errors.ts";
import type { Epoch } from "#proto/ids.ts";
import type { Clock, Log } from "#proto/ports.ts";
import { ringWatermarkIntervalMs } from "../limits.ts";
import type { Board } from "./board.ts";
import type { Epochs } from "./epochs.ts";
import { encodeWatermark } from "./watermark.ts";
import type { WatermarkFiles } from "./watermark_files.ts";

/** What {@link WatermarkWriter} needs. */
export interface WatermarkWriterOptions {
  readonly board: Board;
  readonly epochs: Epochs;
  readonly files: WatermarkFiles;
  readonly clock: Clock;
  readonly log: Log;
  /** Size of one file. */
  readonly watermarkBytes: number;
}

/** Writes what the board knows and the segments do not say. Calls that write must not overlap. */
export class WatermarkWriter {
  readonly #options: WatermarkWriterOptions;
  /** When verdicts were last put down for writing, by uptime. */
  #askedMs: number;

  constructor(options: WatermarkWriterOptions) {
    this.#options = options;
    this.#askedMs = options.clock.uptimeMs();
  }

  /** Whether verdicts are to be written now; whoever asks and hears so writes them. */
  pollDue(): boolean {
    const nowMs = this.#options.clock.uptimeMs();
    if (nowMs - this.#askedMs < ringWatermarkIntervalMs) return false;
    this.#askedMs = nowMs;
    return true;
  }

  /** Makes the watermark durable. After the last writing the present epoch, too, has said its last word. */
  async write({ isLast = false } = {}): Promise<void> {
    const { board, epochs, files, watermarkBytes: bytesMax } = this.#options;
    const generation = files.nextGeneration;
    await files.write(encodeWatermark(board, { generation, current: isLast ? undefined : epochs.current, bytesMax }));
  }

  /** The same where nothing depends on it. Never rejects. */
  async tryWrite(options: { isLast?: boolean } = {}): Promise<void> {
    try {
      await this.write(options);
    } catch (thrown) {
      this.#options.log.warn("ring could not write its watermark", { reason: asFault(thrown).message });
    }
  }

  /** Fixes an epoch's clock offset durably, once: resolves to what is fixed. Rejects with `not_found`, `disk_failed`. */
  async fixClockOffset(offsetNs: bigint, epoch: Epoch): Promise<bigint> {
    const entry = this.#options.board.find(epoch);
    if (entry === undefined) throw new Fault("not_found", `Cannot fix clock offset of epoch ${epoch}: not on board`);
    if (entry.clockOffsetNs !== undefined) return entry.clockOffsetNs;
    entry.clockOffsetNs = offsetNs;
    try {
      // Into both files: no single damaged place may make a second offset for the same epoch possible.
      await this.write();
      await this.write();
    } catch (fault) {
      entry.clockOffsetNs = undefined;
      throw fault;
    }
    return offsetNs;
  }

  /** Lets go of the files. Never rejects. */
  async close(): Promise<void> {
    const { files, log } = this.#options;
    await files.close().catch((thrown) =>
      log.warn("ring could not close the watermark", { reason: asFault(thrown).message })
    );
  }
}
