/**
 * Definitions of shapes at hand: a bounded cache before the store that the whole fleet shares. A definition is stored
 * before anything that uses it goes to the log, so that the log can be read even where its own copy was lost.
 */
import type { Clock } from "#proto/ports.ts";
import type { ShapeHash } from "#proto/shape.ts";
import { shapeCacheBytesMax, shapeReadsAtOnceMax, shapeStoreRetryMs } from "./limits.ts";
import type { ShapeStore } from "./ports.ts";

/** A shape by hash with its canonical definition. */
export interface DefinedShape {
  readonly hash: ShapeHash;
  readonly definition: Uint8Array;
}

/** The shelf of one shard. */
export class ShapeShelf {
  readonly #store: ShapeStore;
  readonly #clock: Clock;
  // In order of last use; all of these are in the store.
  readonly #cached = new Map<ShapeHash, Uint8Array>();
  readonly #storing = new Map<ShapeHash, Promise<void>>();
  #bytes = 0;

  constructor(options: { store: ShapeStore; clock: Clock }) {
    this.#store = options.store;
    this.#clock = options.clock;
  }

  /** Bytes of definitions in memory. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Those of the hashes that are known here or in the store, with their definitions. Unreadable counts as unknown. */
  async find(hashes: readonly ShapeHash[]): Promise<Map<ShapeHash, Uint8Array>> {
    const found = new Map<ShapeHash, Uint8Array>();
    const missing = hashes.filter((hash) => {
      const definition = this.#touch(hash);
      if (definition !== undefined) found.set(hash, definition);
      return definition === undefined;
    });
    for (let at = 0; at < missing.length; at += shapeReadsAtOnceMax) {
      const reads = missing.slice(at, at + shapeReadsAtOnceMax).map((hash) => this.#store.read(hash));
      const results = await Promise.allSettled(reads);
      for (const [i, result] of results.entries()) {
        if (result.status === "fulfilled" && result.value !== undefined) {
          this.#remember(missing[at + i], result.value);
          found.set(missing[at + i], result.value);
        }
      }
      // A store that is away must not cost one time-out per group; the vehicle then sends what it has.
      if (results.some((result) => result.status === "rejected")) break;
    }
    return found;
  }

  /** Whether the store is known to hold the shape, so that {@link keep} need not be waited for. */
  has(hash: ShapeHash): boolean {
    return this.#touch(hash) !== undefined;
  }

  /** Resolves once the store has the definition; tries until then or until the signal fires, with whose reason it rejects. */
  async keep({ hash, definition }: DefinedShape, signal: AbortSignal): Promise<void> {
    while (!this.has(hash)) {
      signal.throwIfAborted();
      try {
        await this.#storeOnce(hash, definition);
      } catch {
        // The store is away, which its probe reports; nothing of this vehicle's lane may overtake its shape.
        await this.#clock.after(shapeStoreRetryMs, signal);
      }
    }
  }

  /** Many vehicles of a fleet bring the same new shape at once: one write serves them all. */
  #storeOnce(hash: ShapeHash, definition: Uint8Array): Promise<void> {
    const underWay = this.#storing.get(hash);
    if (underWay !== undefined) return underWay;
    const storing = this.#store.keep(hash, definition)
      .then(() => this.#remember(hash, definition))
      .finally(() => this.#storing.delete(hash));
    this.#storing.set(hash, storing);
    return storing;
  }

  #touch(hash: ShapeHash): Uint8Array | undefined {
    const definition = this.#cached.get(hash);
    if (definition === undefined) return undefined;
    this.#cached.delete(hash);
    this.#cached.set(hash, definition);
    return definition;
  }

  #remember(hash: ShapeHash, definition: Uint8Array): void {
    if (this.#touch(hash) !== undefined) return;
    this.#cached.set(hash, definition);
    this.#bytes += definition.byteLength;
    for (const [oldest, bytes] of this.#cached) {
      if (this.#bytes <= shapeCacheBytesMax) break;
      this.#cached.delete(oldest);
      this.#bytes -= bytes.byteLength;
    }
  }
}
