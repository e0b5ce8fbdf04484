/**
 * The ring's files and the bytes they take: never more than the cap, and two files of a segment's size beside the
 * segments. The reserve is there so that a full disk or a full ring can still take the gap records that say what had to
 * go. The spare is the next segment's file, so that beginning a segment costs its commit a rename.
 *
 *     spare: none --upkeep, under the cap--> making (beside commits) --> ready --take--> none
 *            none --upkeep, at the cap: a settled segment's file ------> ready
 *
 * A new segment's file is, in this order: the spare; made under the cap; settled segments' space; for class critical the
 * reserve (the gap records of anything else could not be written first); the space of the lowest class's oldest records.
 */
import type { Class } from "#proto/class.ts";
import { asFault, Fault } from "#proto/errors.ts";
import type { Disk, DiskFile, Log } from "#proto/ports.ts";
import { ringRetryMs, ringSegmentsMax } from "../limits.ts";
import { reserveName, spareName } from "./files.ts";
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
  readonly uptimeMs: () => number;
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
  #spare: "none" | "making" | "ready" = "none";
  #making: Promise<void> = Promise.resolve();
  /** Upkeep that could not be done is not tried again before. */
  #upkeepAtMs = -Infinity;
  /** Why the disk did not give the space that the cap allowed, the last time that it was asked. */
  #denial: Fault | undefined;
  /** Files that could not be removed, with their sizes: removed when the disk lets us. */
  readonly #leftovers = new Map<string, number>();
  /** Segments that are about to go: the gap records that say so find their space elsewhere. */
  readonly #going = new Set<Segment>();

  constructor(options: SpaceOptions) {
    this.#options = options;
  }

  /** Bytes of all files. */
  get bytesUsed(): number {
    const { otherBytes, segmentBytes, board } = this.#options;
    let sum = otherBytes + (this.#hasReserve ? segmentBytes : 0) + (this.#spare === "none" ? 0 : segmentBytes);
    for (const bytes of this.#leftovers.values()) sum += diskBytes(bytes);
    for (const segment of board.segments()) sum += diskBytes(segment.bytes);
    return sum;
  }

  /** Bytes that come free without any loss when they are needed. */
  get bytesReclaimable(): number {
    const { board } = this.#options;
    const kept = this.#kept;
    return board.segments()
      .filter((segment) => !kept.has(segment) && isSettled(segment, seriesOf(board, segment)))
      .reduce((sum, segment) => sum + diskBytes(segment.bytes), 0);
  }

  /** Whether something is to be put right when the disk lets us. */
  get needsRetry(): boolean {
    return !this.#hasReserve || this.#leftovers.size > 0;
  }

  /** Whether a segment of the class could be begun, as far as can be told without asking the disk. */
  hasRoomFor(className: Class): boolean {
    if (this.#spare === "ready" || (className === "critical" && this.#hasReserve)) return true;
    const { board, whenFull, segmentBytes } = this.#options;
    const overwriteFrom = whenFull === "overwrite" ? className : undefined;
    return chooseVictims(board, { bytes: segmentBytes, kept: this.#kept, overwriteFrom }) !== undefined;
  }

  /** Takes over the reserve and the spare found at the start. */
  adopt({ hasReserve, hasSpare }: { hasReserve: boolean; hasSpare: boolean }): void {
    this.#hasReserve = hasReserve;
    this.#spare = hasSpare ? "ready" : "none";
  }

  /** Takes over a file that is of no use, found at the start or left by a failure. */
  async discard(name: string, bytes: number): Promise<void> {
    this.#leftovers.set(name, bytes);
    await this.#removeLeftovers();
  }

  /**
   * Gives a file of a segment's size under a new name. Rejects with `ring_full`, `disk_full` or `disk_failed`; the name
   * must not be asked for again then.
   */
  async take(name: string, className: Class): Promise<DiskFile> {
    this.#upkeepAtMs = -Infinity;
    // What is being made is what is wanted.
    await this.#making;
    if (this.#spare === "ready") return await this.#useSpare(name);
    const overwriteFrom = className === "critical" ? undefined : className;
    return await this.#find(name, overwriteFrom) ?? await this.#useReserve(name, className);
  }

  /**
   * Between commits: makes the reserve again when it was used, and begins to make the spare. Failing is no harm yet, and
   * is tried again.
   */
  async upkeep(): Promise<void> {
    const nowMs = this.#options.uptimeMs();
    const isWell = this.#hasReserve && this.#spare !== "none" && this.#leftovers.size === 0;
    if (isWell || nowMs < this.#upkeepAtMs) return;
    this.#upkeepAtMs = nowMs + ringRetryMs / 2;
    try {
      await this.#removeLeftovers();
      if (!this.#hasReserve) await this.#restoreReserve();
      if (this.#hasReserve && this.#spare === "none") await this.#prepareSpare();
    } catch (thrown) {
      this.#options.log.debug("ring cannot prepare its files", { reason: asFault(thrown).message });
    }
  }

  /** Resolves when nothing is under way beside the commits. */
  async settled(): Promise<void> {
    await this.#making;
  }

  async #restoreReserve(): Promise<void> {
    const file = await this.#find(reserveName, "critical");
    if (file === undefined) return;
    this.#hasReserve = true;
    try {
      await file.sync();
    } finally {
      await file.close();
    }
  }

  async #prepareSpare(): Promise<void> {
    if (this.#leftovers.has(spareName)) return;
    const { board, segmentBytes } = this.#options;
    if (this.#mayGrow) {
      this.#spare = "making";
      this.#making = this.#makeSpare();
      return;
    }
    // At the cap: what has a verdict gives its file. Nothing else goes before it must.
    const victims = chooseVictims(board, { bytes: segmentBytes, kept: this.#kept, overwriteFrom: undefined });
    if (victims === undefined) return;
    const file = await this.#recycle(victims, spareName);
    this.#spare = "ready";
    await file.close();
  }

  /** Beside commits: the loop goes on meanwhile. Never rejects. */
  async #makeSpare(): Promise<void> {
    const { disk, segmentBytes, log } = this.#options;
    try {
      const file = await disk.open(spareName, { create: true });
      try {
        await file.allocate(segmentBytes);
        await file.sync();
      } finally {
        await file.close();
      }
      this.#spare = "ready";
    } catch (thrown) {
      this.#spare = "none";
      this.#leftovers.set(spareName, segmentBytes);
      log.debug("ring has no spare", { reason: asFault(thrown).message });
    }
  }

  async #useSpare(name: string): Promise<DiskFile> {
    this.#spare = "none";
    try {
      await this.#options.disk.rename(spareName, name);
    } catch (thrown) {
      this.#leftovers.set(spareName, this.#options.segmentBytes);
      throw thrown;
    }
    return await this.#openRenamed(name);
  }

  get #kept(): ReadonlySet<Segment> {
    return new Set([...this.#options.kept(), ...this.#going]);
  }

  get #mayGrow(): boolean {
    const { board, segmentBytes, bytesMax } = this.#options;
    return this.bytesUsed + segmentBytes <= bytesMax && board.segments().length < ringSegmentsMax;
  }

  async #find(name: string, overwriteFrom: Class | undefined): Promise<DiskFile | undefined> {
    const { board, whenFull, segmentBytes, bytesMax } = this.#options;
    await this.#removeLeftovers();
    let missing = this.bytesUsed + segmentBytes - bytesMax;
    const made = this.#mayGrow ? await this.#tryCreate(name) : undefined;
    if (made !== undefined && !(made instanceof Fault)) return made;
    this.#denial = made;
    // A disk that is fuller than the cap says is a full ring; one that fails must not cost records without a verdict.
    const isFull = made === undefined || made.code === "disk_full";
    const mayOverwrite = isFull && whenFull === "overwrite";
    if (missing <= 0) missing = segmentBytes;
    const kept = this.#kept;
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
    // A failed creation may have left a file of that name: the rename replaced it.
    this.#leftovers.delete(name);
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
    for (const victim of victims) this.#going.add(victim);
    try {
      await this.#options.beforeDrop(victims);
    } finally {
      for (const victim of victims) this.#going.delete(victim);
    }
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
      return asFault(thrown);
    }
  }

  async #create(name: string): Promise<DiskFile> {
    const { disk, segmentBytes, log } = this.#options;
    let file: DiskFile | undefined;
    try {
      file = await disk.open(name, { create: true });
      await file.allocate(segmentBytes);
      this.#leftovers.delete(name);
      return file;
    } catch (thrown) {
      // Remembered whatever else fails: the reserve and the spare are made under the same names again.
      this.#leftovers.set(name, segmentBytes);
      await file?.close().catch((fault) => log.debug("ring cannot close a file", { reason: asFault(fault).message }));
      await this.#removeLeftovers();
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
