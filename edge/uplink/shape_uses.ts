/**
 * Which shapes a link's lanes still need to be told before a batch that uses them. Pure. Source: protocol.md section 4.4.
 */
import type { TelemetryLane } from "#proto/class.ts";
import { Fault } from "#proto/errors.ts";
import { encodeMessage } from "#proto/link_message.ts";
import { encodeShape, type FrameRecord, type Shape, type ShapeHash } from "#proto/shape.ts";
import { inventoryShapesMax, shapesPerLaneMax } from "../limits.ts";

/** The shapes that the vehicle used last, for its inventories; bounded, across links. */
export class ShapesInUse {
  // In order of last use.
  readonly #hashes = new Set<ShapeHash>();

  /** Newest first. */
  get hashes(): ShapeHash[] {
    return [...this.#hashes].reverse();
  }

  handleUse(hash: ShapeHash): void {
    this.#hashes.delete(hash);
    this.#hashes.add(hash);
    if (this.#hashes.size <= inventoryShapesMax) return;
    for (const oldest of this.#hashes) {
      this.#hashes.delete(oldest);
      break;
    }
  }
}

/** What one link was told. */
export class ShapeUses {
  readonly #known = new Set<ShapeHash>();
  readonly #told: Readonly<Record<TelemetryLane, Set<ShapeHash>>> = { live: new Set(), backfill: new Set() };

  /** The relay knows these: their definition need not be sent. */
  handleKnown(hashes: readonly Uint8Array[]): void {
    for (const hash of hashes.slice(0, inventoryShapesMax)) this.#known.add(hash.toHex());
  }

  /**
   * The ShapeUse frames to write on the lane before a batch of these records. Throws `busy` when the lane has had its
   * fill of shapes: a new link begins afresh.
   */
  framesFor(lane: TelemetryLane, records: readonly FrameRecord[]): Uint8Array[] {
    const fresh = new Set<Shape>();
    let last: Shape | undefined;
    for (const { shape } of records) {
      // Nearly all records of a batch share few shape objects.
      if (shape !== last && !this.#told[lane].has(shape.hash)) fresh.add(shape);
      last = shape;
    }
    return [...fresh].flatMap((shape) => this.#tell(lane, shape));
  }

  #tell(lane: TelemetryLane, shape: Shape): Uint8Array[] {
    const told = this.#told[lane];
    if (told.has(shape.hash)) return [];
    if (told.size >= shapesPerLaneMax) {
      throw new Fault(
        "busy",
        `Cannot use another shape on lane "${lane}": ${told.size} were used on this link already`,
      );
    }
    told.add(shape.hash);
    const definition = this.#known.has(shape.hash) ? new Uint8Array(0) : encodeShape(shape);
    return [
      encodeMessage("shapeUse", { hash: Uint8Array.fromHex(shape.hash), definition }, { lane, mustUnderstand: true }),
    ];
  }
}
