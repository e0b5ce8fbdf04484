/**
 * What goes where: batches and shapes of many vehicles into bundles, one row of bundles per telemetry lane and
 * partition. Source: protocol.md section 4.5.
 *
 * A bundle goes when it is full, or when its row has sent nothing for 10 ms: the first batch after a pause goes at
 * once, a busy row goes out in full bundles or 100 times a second. Shapes wait for the batch that they explain.
 */
import { ok } from "node:assert/strict";
import { bundleHeaderBytes, type BundleItem, bundleItemBytes, encodeBundle } from "#proto/bundle.ts";
import type { TelemetryLane } from "#proto/class.ts";
import { bundleBytesMax } from "#proto/limits.ts";
import { bundleIntervalMs, bundleTargetBytes } from "./limits.ts";

/** A full or due bundle, and what it carries for whom. */
export interface Bundle<Part> {
  readonly lane: TelemetryLane;
  readonly partition: number;
  readonly bytes: Uint8Array;
  /** One per batch. Shapes have none: nobody waits for them. */
  readonly parts: readonly Part[];
}

/** Where an item goes. */
export interface Address {
  readonly lane: TelemetryLane;
  readonly partition: number;
}

interface Row extends Address {
  items: BundleItem[];
  bytes: number;
  parts: unknown[];
  sentAtMs: number;
}

/** The open bundles of one shard. Times are uptime in ms. */
export class Router<Part> {
  readonly #rows = new Map<string, Row>();
  readonly #full: Bundle<Part>[] = [];
  #bytes = 0;

  /** Bytes of items that have not left with {@link poll} yet. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Adds a batch with its part, or a shape without one. The item's bytes are copied: they may change afterwards. What
   * became full by it comes with the next {@link poll}.
   */
  add(address: Address, item: BundleItem, part?: Part): void {
    const row = this.#rowOf(address);
    const bytes = bundleItemBytes(item);
    ok(bundleHeaderBytes + bytes <= bundleBytesMax, `an item of ${bytes} bytes fits into a bundle`);
    const isLarge = bytes > bundleTargetBytes / 2;
    const isTooMuch = row.bytes + bytes > bundleTargetBytes;
    // A large item takes what waits before it along, if there is room, and goes straight into its bundle: one copy.
    if (row.items.length > 0 && isTooMuch) this.#full.push(this.#take(row));
    row.items.push(isLarge ? item : copyOf(item));
    row.bytes += bytes;
    if (part !== undefined) row.parts.push(part);
    this.#bytes += bytes;
    if (isLarge) this.#full.push(this.#take(row));
  }

  /** The bundles that are to go now; with `all`, every one that holds something. */
  poll(nowMs: number, options: { all?: boolean } = {}): Bundle<Part>[] {
    const due = this.#full.splice(0);
    for (const { bytes } of due) this.#bytes -= bytes.byteLength;
    for (const row of this.#rows.values()) {
      const isDue = row.parts.length > 0 && nowMs >= row.sentAtMs + bundleIntervalMs;
      if (!isDue && !(options.all === true && row.items.length > 0)) continue;
      const bundle = this.#take(row);
      this.#bytes -= bundle.bytes.byteLength;
      due.push(bundle);
      row.sentAtMs = nowMs;
    }
    return due;
  }

  /** When {@link poll} will next give something if nothing is added; undefined when nothing waits. */
  dueAtMs(): number | undefined {
    let due: number | undefined;
    for (const row of this.#rows.values()) {
      if (row.parts.length > 0) due = Math.min(due ?? Infinity, row.sentAtMs + bundleIntervalMs);
    }
    return due;
  }

  #rowOf(address: Address): Row {
    const key = `${address.lane} ${address.partition}`;
    const known = this.#rows.get(key);
    if (known !== undefined) return known;
    const row: Row = { ...address, items: [], bytes: 0, parts: [], sentAtMs: -Infinity };
    this.#rows.set(key, row);
    return row;
  }

  #take(row: Row): Bundle<Part> {
    const bundle = {
      lane: row.lane,
      partition: row.partition,
      bytes: encodeBundle(row.items),
      parts: row.parts as Part[],
    };
    // From here on the bundle's own bytes count, which are a few more.
    this.#bytes += bundle.bytes.byteLength - row.bytes;
    row.items = [];
    row.parts = [];
    row.bytes = 0;
    return bundle;
  }
}

function copyOf(item: BundleItem): BundleItem {
  return item.kind === "batch"
    ? { ...item, batch: item.batch.slice() }
    : { ...item, definition: item.definition.slice() };
}
