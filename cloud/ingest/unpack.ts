/** Opens a message of the log: learns its shapes and decodes its batches. Faults are results, for they end in quarantine. */
import { type BatchHeader, decodeBatch, readBatchHeader } from "#proto/batch.ts";
import { type BundleItem, readBundle, type RelayHeader } from "#proto/bundle.ts";
import { asFault, Fault } from "#proto/errors.ts";
import { sessionIdOf } from "#proto/session_id.ts";
import { decodeShape, type Shape, type ShapeHash } from "#proto/shape.ts";
import { partitionOf } from "#proto/subjects.ts";
import { storedNsMax, storedNsMin } from "../lib/store/limits.ts";
import type { BroughtBy, Content, Delivery, LogMessage, Place } from "./log_message.ts";
import type { ShapeBook } from "./shape_book.ts";

/** What a message holds. */
export interface Unpacked {
  readonly deliveries: readonly Delivery[];
  /** Of each batch, the first shape that nobody here knows: find it and unpack again. */
  readonly missing: ReadonlySet<ShapeHash>;
  /** Items that name no range, so no verdict can be given. */
  readonly unreadable: readonly UnreadableItem[];
}

/** One item, or a whole message, whose bytes are all that can be kept. */
export interface UnreadableItem {
  readonly place: Place;
  /** Which item of the message, from 0. */
  readonly item: number;
  readonly fault: Fault;
  readonly bytes: Uint8Array;
  /** Who brought it, if that much can be read and believed. */
  readonly relay?: BroughtBy;
}

/** A batch that was opened. */
export interface OpenedBatch {
  readonly header: BatchHeader;
  readonly content: Content;
  /** The first shape that nobody here knows, if any. */
  readonly missing: ReadonlySet<ShapeHash>;
}

/** Opens one batch. Throws `bad_batch` when not even its header can be read. */
export function openBatch(bytes: Uint8Array, shapes: ShapeBook): OpenedBatch {
  const missing = new Set<ShapeHash>();
  const lookup = (hash: ShapeHash): Shape | undefined => {
    const shape = shapes.get(hash);
    if (shape === undefined) missing.add(hash);
    return shape;
  };
  const header = readBatchHeader(bytes);
  try {
    return { header, content: { blocks: decodeBatch(bytes, lookup).blocks }, missing };
  } catch (error) {
    return { header, content: { fault: asFault(error, "bad_batch") }, missing };
  }
}

/** Unpacks one message; shapes it defines go into the book. */
export function unpack(message: LogMessage, shapes: ShapeBook): Unpacked {
  const deliveries: Delivery[] = [];
  const missing = new Set<ShapeHash>();
  const unreadable: UnreadableItem[] = [];
  const { place } = message;
  try {
    readBundle(message.bytes).forEach(unpackItem);
  } catch (error) {
    unreadable.push({ place, item: 0, fault: asFault(error, "bad_batch"), bytes: message.bytes });
  }
  return { deliveries, missing, unreadable };

  function unpackItem(content: BundleItem, item: number): void {
    if (content.kind === "shape") learnShape(content.definition, item);
    else if (partitionOf(content.header.vehicle) !== place.partition) refuseStranger(content, item);
    else unpackBatch(content, item);
  }

  function learnShape(definition: Uint8Array, item: number): void {
    try {
      shapes.add(decodeShape(definition));
    } catch (error) {
      unreadable.push({ place, item, fault: asFault(error, "bad_shape"), bytes: definition });
    }
  }

  /** Its ledger belongs to another owner: two that write it would undo each other's verdicts. */
  function refuseStranger({ header, batch }: Extract<BundleItem, { kind: "batch" }>, item: number): void {
    const where = `partition ${place.partition}, its own is ${partitionOf(header.vehicle)}`;
    const fault = new Fault("bad_batch", `Cannot take batch of "${header.vehicle}" on ${where}`);
    unreadable.push({ place, item, fault, bytes: batch });
  }

  function unpackBatch(
    { header: relayHeader, batch: bytes }: Extract<BundleItem, { kind: "batch" }>,
    item: number,
  ): void {
    const relay = broughtBy(relayHeader);
    try {
      const { header, content, missing: lacking } = openBatch(bytes, shapes);
      for (const hash of lacking) missing.add(hash);
      deliveries.push({ place, item, relay, receivedAtNs: receivedAt(relay), header, bytes, content });
    } catch (error) {
      unreadable.push({ place, item, fault: asFault(error, "bad_batch"), bytes, relay });
    }
  }

  /** A relay's clock may be wrong, and what stands there decides where an entry of the quarantine lies. */
  function receivedAt({ receivedAtNs }: BroughtBy): bigint {
    const isPlausible = receivedAtNs >= storedNsMin && receivedAtNs <= storedNsMax;
    return isPlausible ? receivedAtNs : message.placedAtNs;
  }
}

function broughtBy({ vehicle, relay, shard, sessionSecret, receivedAtNs }: RelayHeader): BroughtBy {
  return { vehicle, relay, shard, session: sessionIdOf(sessionSecret), receivedAtNs };
}
