/**
 * Opens what comes from the log with every shape that can be found: in memory, in the messages themselves, in the shapes'
 * bucket.
 */
import { asFault } from "#proto/errors.ts";
import { decodeShape, type ShapeHash } from "#proto/shape.ts";
import { shapesMax } from "./limits.ts";
import type { LogMessage } from "./log_message.ts";
import type { IngestPorts } from "./ports.ts";
import { ShapeBook } from "./shape_book.ts";
import type { StoreWriter } from "./store_writer.ts";
import { openBatch, type OpenedBatch, unpack, type Unpacked } from "./unpack.ts";

/** What it stands on: the bucket, and the patience to ask a bucket that is away. */
export interface DecoderParts extends Pick<IngestPorts, "shapes" | "log"> {
  readonly writer: Pick<StoreWriter, "untilItAnswers">;
}

/** See the head of this file. */
export class Decoder {
  readonly #parts: DecoderParts;
  readonly #known = new ShapeBook(shapesMax);

  constructor(parts: DecoderParts) {
    this.#parts = parts;
  }

  /** Unpacks in order. What was sought in vain is not sought again in this call: unknown shapes come in numbers. */
  async unpackAll(messages: readonly LogMessage[]): Promise<Unpacked[]> {
    const sought = new Set<ShapeHash>();
    const all: Unpacked[] = [];
    for (const message of messages) all.push(await this.#findingShapes(() => unpack(message, this.#known), sought));
    return all;
  }

  /** Opens one batch. Rejects with `bad_batch` when its header cannot be read. */
  async open(batch: Uint8Array): Promise<OpenedBatch> {
    return await this.#findingShapes(() => openBatch(batch, this.#known), new Set());
  }

  /** Opens again as long as shapes that were unknown are found: a batch names the first one it lacks only. */
  async #findingShapes<T extends { readonly missing: ReadonlySet<ShapeHash> }>(
    open: () => T,
    sought: Set<ShapeHash>,
  ): Promise<T> {
    while (true) {
      const opened = open();
      let found = false;
      for (const hash of opened.missing.difference(sought)) {
        sought.add(hash);
        if (await this.#find(hash)) found = true;
      }
      // What was sought in vain would only be missed once more, and what lies beside it be decoded twice.
      if (!found) return opened;
    }
  }

  /** Whether it was found. */
  async #find(hash: ShapeHash): Promise<boolean> {
    const { shapes, writer, log } = this.#parts;
    const definition = await writer.untilItAnswers("look up a shape", () => shapes.find(hash));
    if (definition === undefined) return false;
    try {
      this.#known.add(decodeShape(definition));
      return true;
    } catch (error) {
      log.error("Cannot read a shape of the bucket", { hash, error: asFault(error).message });
      return false;
    }
  }
}
