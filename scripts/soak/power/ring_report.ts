/** What the process with the ring tells the rig, one JSON value a line. */
import type { Class } from "#proto/class.ts";

/** One line. Epochs are text, for they have 63 bits. */
export type RingReport =
  /** The ring is about to be opened. */
  | { readonly kind: "begin" }
  /** Read from the disk after the start: seqs and numbers of frames. */
  | {
    readonly kind: "held";
    readonly epoch: string;
    readonly class: Class;
    readonly held: readonly (readonly [number, number])[];
  }
  /** A record that is not what was written. */
  | { readonly kind: "wrong"; readonly what: string }
  /** Named by a gap record. */
  | {
    readonly kind: "gap";
    readonly epoch: string;
    readonly class: Class;
    readonly first: number;
    readonly last: number;
  }
  /** All was read. From now on nobody needs these epochs. */
  | { readonly kind: "read"; readonly settled: readonly string[] }
  /** The ring cannot be opened, read or written: only after a cut. */
  | { readonly kind: "failed"; readonly what: string }
  /** The ring has said that these are durable. */
  | {
    readonly kind: "acknowledged";
    readonly epoch: string;
    readonly class: Class;
    readonly first: number;
    readonly numbers: readonly number[];
  };
