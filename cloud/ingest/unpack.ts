/** Opens a message of the log: learns its shapes and decodes its batches. Faults are results, for they end in quarantine. */
import { type BatchHeader, type Block, decodeBatch, readBatchHeader } from "#proto/batch.ts";
import { type BundleItem, readBundle } from "#proto/bundle.ts";
import { asFault, Fault } from "#proto/errors.ts";
import { decodeShape, type Shape, type ShapeHash } from "#proto/shape.ts";
import { whyNotStorable } from "../lib/store/plan.ts";
import type { Delivery, LogMessage } from "./log_message.ts";
import type { ShapeBook } from "./shape_book.ts";

/** What a message holds. */
export interface Unpacked {
  readonly deliveries: readonly Delivery[];
  /** Of each batch, the first shape that nobody here knows: find it and unpack again. */
  readonly missing: ReadonlySet<ShapeHash>;
  /** Items that name no vehicle or no range, so no verdict can be given. */
  readonly unreadable: readonly UnreadableItem[];
}

/** One item, or a whole message, whose bytes are all that can be kept. */
export interface UnreadableItem {
  /** Which item of the message, from 0. */
  readonly item: number;
  readonly fault: Fault;
  readonly bytes: Uint8Array;
}

/** Unpacks one message; shapes it defines go into the book. */
export function unpack(message: LogMessage, shapes: ShapeBook): Unpacked {
  const deliveries: Delivery[] = [];
  const missing = new Set<ShapeHash>();
  const unreadable: UnreadableItem[] = [];
  const lookup = (hash: ShapeHash): Shape | undefined => {
    const shape = shapes.get(hash);
    if (shape === undefined) missing.add(hash);
    return shape;
  };
  try {
    readBundle(message.bytes).forEach(unpackItem);
  } catch (error) {
    unreadable.push({ item: 0, fault: asFault(error, "bad_batch"), bytes: message.bytes });
  }
  return { deliveries, missing, unreadable };

  function unpackItem(content: BundleItem, item: number): void {
    try {
      if (content.kind === "shape") shapes.add(decodeShape(content.definition));
      else deliveries.push(delivery(content, item));
    } catch (error) {
      const bytes = content.kind === "shape" ? content.definition : content.batch;
      unreadable.push({ item, fault: asFault(error, "bad_batch"), bytes });
    }
  }

  function delivery({ header: relay, batch: bytes }: Extract<BundleItem, { kind: "batch" }>, item: number): Delivery {
    const base = { place: message.place, item, relay, header: readBatchHeader(bytes), bytes };
    try {
      const { blocks, header } = decodeBatch(bytes, lookup);
      for (const block of blocks) refuseUnstorable(block, header);
      return { ...base, content: { blocks } };
    } catch (error) {
      return { ...base, content: { fault: asFault(error, "bad_batch") } };
    }
  }
}

/** Times are the vehicle's to decide: one that no table can hold is not moved here, its batch is kept aside. */
function refuseUnstorable(block: Block, { clockOffsetNs }: BatchHeader): void {
  const why = whyNotStorable({ block, clockOffsetNs });
  if (why !== undefined) throw new Fault("bad_batch", `Cannot store rows of stream "${block.shape.stream}": ${why}`);
}
