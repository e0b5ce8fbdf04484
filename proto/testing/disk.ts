/**
 * A disk in memory that fails the way real ones do: a power cut loses or tears what was not synced, calls fail or
 * dawdle on demand, space runs out, and after a failed sync the dirty bytes are gone although reads still show them.
 */
import { Fault } from "../errors.ts";
import type { Disk, DiskFile } from "../ports.ts";
import type { SeededRandom } from "./random.ts";

/** Unit in which a power cut keeps or loses writes. */
const sectorBytes = 512;

/** One call of the disk's verbs, as {@link VirtualDisk.onCall} sees it. */
export interface DiskCall {
  readonly verb: keyof Disk | Exclude<keyof DiskFile, "size">;
  /** File concerned; empty for the directory. */
  readonly name: string;
  /** Calls before this one. */
  readonly index: number;
}

interface Inode {
  /** What a read sees. */
  bytes: Uint8Array;
  /** What a power cut surely keeps. */
  durable: Uint8Array;
  /** Sectors that differ from `durable` and the next sync writes; a failed sync forgets them. */
  dirty: Set<number>;
}

/** What one call does to the names, as a whole or not at all. */
type DirectoryChange = readonly { readonly name: string; readonly inode: Inode | undefined }[];

/** A {@link Disk} in memory; `sync` means what it says and nothing else lasts. */
export class VirtualDisk implements Disk {
  /**
   * Called before each call takes effect. A throw fails the call (a failed write may have written a part, a failed
   * sync loses the dirty bytes); a promise delays it.
   */
  onCall: (call: DiskCall) => void | Promise<void> = () => {};
  /** Bytes that the files may take together. */
  capacityBytes = Number.POSITIVE_INFINITY;
  /** Most bytes that the files ever took together. */
  peakBytes = 0;
  /** How many syncs of files have succeeded. */
  syncs = 0;

  #calls = 0;
  #off = false;
  readonly #random: SeededRandom;
  readonly #names = new Map<string, Inode>();
  #durableNames = new Map<string, Inode>();
  #changes: DirectoryChange[] = [];

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  /** Calls so far. */
  get calls(): number {
    return this.#calls;
  }

  /** Bytes that the files take. */
  get usedBytes(): number {
    let sum = 0;
    for (const inode of this.#names.values()) sum += inode.bytes.length;
    return sum;
  }

  /** The bytes of a file, to look at and to damage in place, as they would be read and as they would survive. */
  *images(name: string): Iterable<Uint8Array> {
    const inode = this.#inode(name, "open");
    yield inode.bytes;
    if (inode.durable !== inode.bytes) yield inode.durable;
  }

  /**
   * Cuts the power: every later call on this disk fails. Returns the disk as the next start finds it: synced bytes, of
   * the unsynced sectors any, of the unsynced changes of the directory any number of the oldest.
   */
  powerCut(): VirtualDisk {
    this.#off = true;
    const names = new Map(this.#durableNames);
    for (const change of this.#changes.slice(0, this.#random.integer(0, this.#changes.length))) apply(names, change);
    const next = new VirtualDisk(this.#random);
    next.capacityBytes = this.capacityBytes;
    for (const [name, inode] of names) next.#adopt(name, this.#survivor(inode));
    return next;
  }

  /** Kills the process that uses the disk: later calls fail, nothing that was written is lost. */
  kill(): VirtualDisk {
    this.#off = true;
    const next = new VirtualDisk(this.#random);
    next.capacityBytes = this.capacityBytes;
    for (const [name, inode] of this.#names) next.#adopt(name, inode.bytes.slice());
    return next;
  }

  /** A copy of what a reader sees now, as an image for a second machine or a backup; this disk goes on. */
  copy(): VirtualDisk {
    const copy = new VirtualDisk(this.#random);
    for (const [name, inode] of this.#names) copy.#adopt(name, inode.bytes.slice());
    return copy;
  }

  async list(): Promise<string[]> {
    await this.#enter("list", "");
    return [...this.#names.keys()];
  }

  async open(name: string, options: { create?: boolean } = {}): Promise<DiskFile> {
    await this.#enter("open", name);
    if (options.create === true) {
      if (this.#names.has(name)) throw failed("create", name, "it exists");
      this.#change([{ name, inode: { bytes: new Uint8Array(), durable: new Uint8Array(), dirty: new Set() } }]);
    }
    return this.#file(name, this.#inode(name, "open"));
  }

  async remove(name: string): Promise<void> {
    await this.#enter("remove", name);
    this.#inode(name, "remove");
    this.#change([{ name, inode: undefined }]);
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#enter("rename", from);
    const inode = this.#inode(from, "rename");
    this.#change([{ name: to, inode }, { name: from, inode: undefined }]);
  }

  async syncDirectory(): Promise<void> {
    await this.#enter("syncDirectory", "");
    this.#durableNames = new Map(this.#names);
    this.#changes = [];
  }

  async release(): Promise<void> {
    await this.#enter("release", "");
    this.#off = true;
  }

  #file(name: string, inode: Inode): DiskFile {
    return {
      size: () => Promise.resolve(inode.bytes.length),
      read: async (offset, into) => {
        await this.#enter("read", name);
        const part = inode.bytes.subarray(offset, offset + into.length);
        into.set(part);
        return part.length;
      },
      write: async (offset, bytes) => {
        try {
          await this.#enter("write", name);
        } catch (fault) {
          // A write that fails may have written its beginning.
          const part = this.#random.integer(0, bytes.length);
          if (part > 0 && !this.#off) this.#write(inode, { offset, bytes: bytes.subarray(0, part) });
          throw fault;
        }
        this.#write(inode, { offset, bytes });
      },
      sync: async () => {
        try {
          await this.#enter("sync", name);
        } catch (fault) {
          // The kernel gives up the dirty pages and calls them clean.
          inode.durable = this.#survivor(inode);
          inode.dirty.clear();
          throw fault;
        }
        this.#sync(inode);
        this.syncs++;
      },
      allocate: async (size) => {
        await this.#enter("allocate", name);
        if (size > inode.bytes.length) this.#resize(inode, size);
      },
      truncate: async (size) => {
        await this.#enter("truncate", name);
        this.#resize(inode, size);
      },
      close: async () => {
        await this.#enter("close", name);
      },
    };
  }

  async #enter(verb: DiskCall["verb"], name: string): Promise<void> {
    if (this.#off) throw failed(verb, name, "power is off");
    const call = { verb, name, index: this.#calls++ };
    await this.onCall(call);
    if (this.#off) throw failed(verb, name, "power is off");
  }

  #inode(name: string, action: string): Inode {
    const inode = this.#names.get(name);
    if (inode === undefined) throw failed(action, name, "there is none");
    return inode;
  }

  #adopt(name: string, bytes: Uint8Array): void {
    const inode = { bytes, durable: bytes.slice(), dirty: new Set<number>() };
    this.#names.set(name, inode);
    this.#durableNames.set(name, inode);
    this.peakBytes = Math.max(this.peakBytes, this.usedBytes);
  }

  #change(change: DirectoryChange): void {
    apply(this.#names, change);
    this.#changes.push(change);
  }

  #resize(inode: Inode, size: number): void {
    if (this.usedBytes - inode.bytes.length + size > this.capacityBytes) {
      throw new Fault("disk_full", `Cannot grow file to ${size} bytes: no space left`);
    }
    const bytes = new Uint8Array(size);
    bytes.set(inode.bytes.subarray(0, size));
    markDirty(inode, { from: Math.min(size, inode.bytes.length), to: Math.max(size, inode.bytes.length) });
    inode.bytes = bytes;
    this.peakBytes = Math.max(this.peakBytes, this.usedBytes);
  }

  #write(inode: Inode, { offset, bytes }: { offset: number; bytes: Uint8Array }): void {
    const end = offset + bytes.length;
    if (end > inode.bytes.length) this.#resize(inode, end);
    inode.bytes.set(bytes, offset);
    markDirty(inode, { from: offset, to: end });
  }

  #sync(inode: Inode): void {
    const durable = new Uint8Array(inode.bytes.length);
    durable.set(inode.durable.subarray(0, durable.length));
    for (const sector of inode.dirty) copySector(inode.bytes, { into: durable, sector });
    inode.durable = durable;
    inode.dirty.clear();
  }

  /** The file's bytes if the power goes now: unsynced sectors are there or not, each by itself, and so is a new length. */
  #survivor(inode: Inode): Uint8Array {
    const lengths = [inode.durable.length, inode.bytes.length];
    const survivor = new Uint8Array(inode.dirty.size === 0 ? lengths[0] : lengths[this.#random.integer(0, 1)]);
    survivor.set(inode.durable.subarray(0, survivor.length));
    for (const sector of inode.dirty) {
      if (this.#random.integer(0, 1) === 1) copySector(inode.bytes, { into: survivor, sector });
    }
    return survivor;
  }
}

function apply(names: Map<string, Inode>, change: DirectoryChange): void {
  for (const { name, inode } of change) {
    if (inode === undefined) names.delete(name);
    else names.set(name, inode);
  }
}

function markDirty(inode: Inode, { from, to }: { from: number; to: number }): void {
  for (let sector = Math.floor(from / sectorBytes); sector * sectorBytes < to; sector++) inode.dirty.add(sector);
}

function copySector(bytes: Uint8Array, { into, sector }: { into: Uint8Array; sector: number }): void {
  const from = sector * sectorBytes;
  if (from < into.length) into.set(bytes.subarray(from, Math.min(from + sectorBytes, into.length)), from);
}

function failed(action: string, name: string, reason: string): Fault {
  return new Fault("disk_failed", `Cannot ${action} "${name}" on virtual disk: ${reason}`);
}
