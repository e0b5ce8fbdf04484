/** Opens a message of the log: learns its shapes and decodes its batches. Faults are results, for they end in quarantine. */
import { decodeBatch, readBatchHeader } from "#proto/batch.ts";
import { type BundleItem, readBundle } from "#proto/bundle.ts";
import { asFault, type Fault } from "#proto/errors.ts";
import { decodeShape, type Shape, type ShapeHash } from "#proto/shape.ts";
import type { Delivery, LogMessage } from "./log_message.ts";
import type { ShapeBook } from "./shape_book.ts";

/** What a message holds. */
export interface Unpacked {
  readonly deliveries: readonly Delivery[];
  /** Of each batch, the first shape that nobody here knows: find it and unpack again. */
  readonly missing: ReadonlySet<ShapeHash>;
  /** Items that name no vehicle or no range, so no verdict can be given; with the bytes to keep. */
  readonly unreadable: readonly { readonly fault: Fault; readonly bytes: Uint8Array }[];
}

/** Unpacks one message; shapes it defines go into the book. */
export function unpack(message: LogMessage, shapes: ShapeBook): Unpacked {
  const deliveries: Delivery[] = [];
  const missing = new Set<ShapeHash>();
  const unreadable: { fault: Fault; bytes: Uint8Array }[] = [];
  const lookup = (hash: ShapeHash): Shape | undefined => {
    const shape = shapes.get(hash);
    if (shape === undefined) missing.add(hash);
    return shape;
  };
  try {
    for (const item of readBundle(message.bytes)) {
      const outcome = unpackItem(item);
      if (outcome !== undefined) unreadable.push(outcome);
    }
  } catch (error) {
    unreadable.push({ fault: asFault(error, "bad_batch"), bytes: message.bytes });
  }
  return { deliveries, missing, unreadable };

  function unpackItem(item: BundleItem): { fault: Fault; bytes: Uint8Array } | undefined {
    const bytes = item.kind === "shape" ? item.definition : item.batch;
    try {
      if (item.kind === "shape") shapes.add(decodeShape(item.definition));
      else deliveries.push(delivery(item));
      return undefined;
    } catch (error) {
      return { fault: asFault(error, "bad_batch"), bytes };
    }
  }

  function delivery(item: Extract<BundleItem, { kind: "batch" }>): Delivery {
    const header = readBatchHeader(item.batch);
    const base = { place: message.place, relay: item.header, header, bytes: item.batch };
    try {
      return { ...base, content: { blocks: decodeBatch(item.batch, lookup).blocks } };
    } catch (error) {
      return { ...base, content: { fault: asFault(error, "bad_batch") } };
    }
  }
}
