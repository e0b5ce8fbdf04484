/**
 * Memory for the typed arrays of one decoded batch. An array of its own costs more than a microsecond in V8 with its
 * sandbox on, a view of a larger one a tenth of that; and a batch is kept or dropped as a whole.
 */

const alignment = 8;

/** Hands out zeroed views of large buffers. */
export class Arena {
  readonly #chunkBytes: number;
  #chunk: ArrayBuffer;
  #used = 0;

  /** `chunkBytes`: about what will be needed; more is fetched in pieces of the same size, or as large as one asks. */
  constructor(chunkBytes: number) {
    this.#chunkBytes = chunkBytes;
    this.#chunk = new ArrayBuffer(chunkBytes);
  }

  /** Makes room for `bytes`; returns where it begins in the present chunk. */
  #take(bytes: number): number {
    const start = this.#used;
    const rounded = Math.ceil(bytes / alignment) * alignment;
    if (start + rounded <= this.#chunk.byteLength) {
      this.#used = start + rounded;
      return start;
    }
    this.#chunk = new ArrayBuffer(Math.max(this.#chunkBytes, rounded));
    this.#used = rounded;
    return 0;
  }

  bytes(count: number): Uint8Array {
    const at = this.#take(count);
    return new Uint8Array(this.#chunk, at, count);
  }

  doubles(count: number): Float64Array<ArrayBuffer> {
    const at = this.#take(8 * count);
    return new Float64Array(this.#chunk, at, count);
  }

  bigints(count: number): BigInt64Array<ArrayBuffer> {
    const at = this.#take(8 * count);
    return new BigInt64Array(this.#chunk, at, count);
  }
}
