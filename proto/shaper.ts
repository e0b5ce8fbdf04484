/** Keeps the growing shape of each stream. */
import type { FlatField } from "./flatten.ts";
import type { StreamName } from "./ids.ts";
import type { Shape, Value } from "./shape.ts";

/** The shape that a frame was fitted into, and its values in that shape's order. */
export interface FittedFrame {
  readonly shape: Shape;
  readonly values: Value[];
}

/** One vehicle's streams with their shapes; the least recently used stream is forgotten when there are too many. */
export class Shaper {
  /** Fits a frame into its stream's shape, which grows by the fields that it lacked. */
  fit(_stream: StreamName, _fields: readonly FlatField[]): FittedFrame {
    throw new Error("to be written");
  }
}
