/** The shapes in use, bounded: the longest unused is forgotten first and found again in the shapes' bucket. */
import type { Shape, ShapeHash } from "#proto/shape.ts";

/** See the head of this file. */
export class ShapeBook {
  readonly #shapes = new Map<ShapeHash, Shape>();
  readonly #shapesMax: number;

  constructor(shapesMax: number) {
    this.#shapesMax = shapesMax;
  }

  get(hash: ShapeHash): Shape | undefined {
    const shape = this.#shapes.get(hash);
    if (shape !== undefined) this.add(shape);
    return shape;
  }

  /** Adds, or marks as used. */
  add(shape: Shape): void {
    this.#shapes.delete(shape.hash);
    this.#shapes.set(shape.hash, shape);
    if (this.#shapes.size <= this.#shapesMax) return;
    for (const longestUnused of this.#shapes.keys()) {
      this.#shapes.delete(longestUnused);
      return;
    }
  }
}
