/**
 * The ring's files and the bytes they take: never more than the cap, and one reserve file of a segment's size, so that
 * a full disk or a full ring can still take the gap records that say what had to go.
 *
 * A new segment's file is, in this order: made under the cap; settled segments' space; for class critical the reserve
 * (the gap records of anything else could not be written first); the space of the lowest class's oldest records.
 */
import type { Class } from "#proto/class.ts";
import { asFault, Fault } from "#proto/errors.ts";
import type { Disk, DiskFile, Log } from "#proto/ports.ts";
import { ringSegmentsMax } from "../limits.ts";
import { reserveName } from "./files.ts";
import { type Board, chooseVictims, diskBytes, isSettled, type Segment, seriesOf } from "./board.ts";

/** What {@link Space} needs. */
export interface SpaceOptions {
  readonly disk: Disk;
  readonly board: Board;
  readonly log: Log;
  readonly bytesMax: number;
  readonly segmentBytes: number;
  readonly whenFull: "overwrite" | "refuse";
  /** Bytes of the ring's other files. */
  readonly otherBytes: number;
  /** Segments that must not be given up now. */
  readonly kept: () => ReadonlySet<Segment>;
  /** Names what giving these up loses and makes verdicts durable; only then their files may go. */
  readonly beforeDrop: (victims: readonly Segment[]) => Promise<void>;
  /** Takes a segment whose file may go off the board. */
  readonly drop: (segment: Segment) => void;
}

/** Gives out files for segments within the cap. */
export class Space {
  readonly #options: SpaceOptions;
  #hasReserve = false;
  /** Why the disk did not give the space that the cap allowed, the last time that it was asked. */
  #denial: Fault | undefined;
  /** Files that could not be removed, with their sizes: removed when the disk lets us. */
  readonly #leftovers = new Map<string, number>();

  constructor(options: SpaceOptions) {
    this.#options = options;
  }

  /** Bytes of all files. */
  get bytesUsed(): number {
    let sum = this.#options.otherBytes + (this.#hasReserve ? this.#options.segmentBytes : 0);
    for (const bytes of this.#leftovers.values()) sum += diskBytes(bytes);
    for (const segment of this.#options.board.segments()) sum += diskBytes(segment.bytes);
    return sum;
  }

  /** Bytes that come free without any loss when they are needed. */
  get bytesReclaimable(): number {
    const { board } = this.#options;
    const kept = this.#options.kept();
    return board.segments()
      .filter((segment) => !kept.has(segment) && isSettled(segment, seriesOf(board, segment)))
      .reduce((sum, segment) => sum + diskBytes(segment.bytes), 0);
  }

  /** Takes over the reserve file found at the start. */
  adoptReserve(): void {
    this.#hasReserve = true;
  }

  /** Takes over a file that is of no use, found at the start or left by a failure. */
  async discard(name: string, bytes: number): Promise<void> {
    this.#leftovers.set(name, bytes);
    await this.#removeLeftovers();
  }

  /** Gives a file of a segment's size under a new name. Rejects with `ring_full` or `disk_failed`. */
  async take(name: string, className: Class): Promise<DiskFile> {
    const overwriteFrom = className === "critical" ? undefined : className;
    return await this.#find(name, overwriteFrom) ?? await this.#useReserve(name, className);
  }

  /** Makes the reserve again when it was used. Failing is no harm yet: it is tried again after each commit. */
  async restoreReserve(): Promise<void> {
    if (this.#hasReserve) return;
    try {
      const file = await this.#find(reserveName, "critical");
      if (file === undefined) return;
      this.#hasReserve = true;
      try {
        await file.sync();
      } finally {
        await file.close();
      }
    } catch (thrown) {
      this.#options.log.warn("ring has no reserve", { reason: asFault(thrown).message });
    }
  }

  async #find(name: string, overwriteFrom: Class | undefined): Promise<DiskFile | undefined> {
    const { board, whenFull, segmentBytes, bytesMax } = this.#options;
    await this.#removeLeftovers();
    let missing = this.bytesUsed + segmentBytes - bytesMax;
    const mayGrow = missing <= 0 && board.segments().length < ringSegmentsMax;
    const made = mayGrow ? await this.#tryCreate(name) : undefined;
    if (made !== undefined && !(made instanceof Fault)) return made;
    this.#denial = made;
    // A disk that is fuller than the cap says is a full ring; one that fails must not cost records without a verdict.
    const isFull = made === undefined || made.code === "disk_full";
    const mayOverwrite = isFull && whenFull === "overwrite";
    if (missing <= 0) missing = segmentBytes;
    const kept = this.#options.kept();
    const victims = chooseVictims(board, {
      bytes: missing,
      kept,
      overwriteFrom: mayOverwrite ? overwriteFrom : undefined,
    });
    return victims === undefined ? undefined : await this.#recycle(victims, name);
  }

  async #useReserve(name: string, className: Class): Promise<DiskFile> {
    if (className !== "critical" || !this.#hasReserve) throw this.#denial ?? full(className);
    await this.#options.disk.rename(reserveName, name);
    this.#hasReserve = false;
    return await this.#openRenamed(name);
  }

  async #openRenamed(name: string): Promise<DiskFile> {
    try {
      return await this.#options.disk.open(name);
    } catch (thrown) {
      this.#leftovers.set(name, this.#options.segmentBytes);
      throw thrown;
    }
  }

  /** Gives up segments and makes one file of their space. */
  async #recycle(victims: readonly Segment[], name: string): Promise<DiskFile> {
    const { disk, segmentBytes, bytesMax, log } = this.#options;
    await this.#options.beforeDrop(victims);
    const reused = victims.find(({ bytes }) => bytes === segmentBytes);
    for (const victim of victims) {
      this.#options.drop(victim);
      this.#leftovers.set(victim.name, victim.bytes);
    }
    log.debug("ring gives up segments", { count: victims.length, oldest: victims[0].name });
    if (reused === undefined) {
      await this.#removeLeftovers();
      // A disk that does not remove files gives no space either.
      if (this.bytesUsed + segmentBytes > bytesMax) throw notFreed(name);
      return await this.#create(name);
    }
    await disk.rename(reused.name, name);
    this.#leftovers.delete(reused.name);
    await this.#removeLeftovers();
    return await this.#openRenamed(name);
  }

  /** Creates a file, or tells why the disk does not give the space. */
  async #tryCreate(name: string): Promise<DiskFile | Fault> {
    try {
      return await this.#create(name);
    } catch (thrown) {
      const fault = asFault(thrown);
      this.#options.log.warn("disk gives no space for a segment", { reason: fault.message });
      return fault;
    }
  }

  async #create(name: string): Promise<DiskFile> {
    const { disk, segmentBytes } = this.#options;
    const file = await disk.open(name, { create: true });
    try {
      await file.allocate(segmentBytes);
      return file;
    } catch (thrown) {
      await file.close();
      await this.discard(name, segmentBytes);
      throw thrown;
    }
  }

  async #removeLeftovers(): Promise<void> {
    if (this.#leftovers.size === 0) return;
    try {
      const present = await this.#options.disk.list();
      for (const name of this.#leftovers.keys()) {
        if (present.includes(name)) await this.#options.disk.remove(name);
        this.#leftovers.delete(name);
      }
    } catch (thrown) {
      this.#options.log.warn("ring cannot remove files", { reason: asFault(thrown).message });
    }
  }
}

function notFreed(name: string): Fault {
  return new Fault("disk_failed", `Cannot make "${name}": the files that were given up for it cannot be removed`);
}

function full(className: Class): Fault {
  return new Fault("ring_full", `Cannot begin segment of class ${className}: nothing on board may be given up for it`);
}
