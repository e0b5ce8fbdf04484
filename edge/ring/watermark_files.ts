/** The two watermark files, written in turn, so that the older one is whole while the newer is being written. */
import { asFault } from "#proto/errors.ts";
import type { Disk, DiskFile, Log } from "#proto/ports.ts";
import { decodeWatermark, type Watermark } from "./watermark.ts";

const names = ["watermark-0", "watermark-1"] as const;

/** Both files and whose turn it is. */
export class WatermarkFiles {
  readonly #disk: Disk;
  readonly #log: Log;
  readonly #bytesMax: number;
  #files: (DiskFile | undefined)[] = [undefined, undefined];
  #turn = 0;
  #generation = 0;

  /** `bytesMax`: size that each file has from its creation on. */
  constructor({ disk, log, bytesMax }: { disk: Disk; log: Log; bytesMax: number }) {
    this.#disk = disk;
    this.#log = log;
    this.#bytesMax = bytesMax;
  }

  /** Number that the next writing bears. */
  get nextGeneration(): number {
    return this.#generation + 1;
  }

  /**
   * Reads the newest whole watermark; undefined when there is none. `present` are the names in the directory. A file that
   * cannot be read counts as not whole.
   */
  async readNewest(present: readonly string[]): Promise<Watermark | undefined> {
    let newest: Watermark | undefined;
    for (const [turn, name] of names.entries()) {
      if (!present.includes(name)) continue;
      const bytes = await this.#read(turn);
      const found = bytes === undefined ? undefined : decodeWatermark(bytes);
      if (found === undefined || found.generation <= this.#generation) continue;
      newest = found;
      this.#generation = found.generation;
      this.#turn = 1 - turn;
    }
    return newest;
  }

  /** Makes an encoded watermark durable. After a failure the file is made anew next time; the other one stands. */
  async write(bytes: Uint8Array): Promise<void> {
    const turn = this.#turn;
    const known = this.#files[turn];
    this.#files[turn] = undefined;
    const file = known ?? await this.#create(names[turn]);
    try {
      await file.write(0, bytes);
      await file.sync();
    } catch (fault) {
      await file.close();
      throw fault;
    }
    this.#files[turn] = file;
    this.#generation++;
    this.#turn = 1 - turn;
  }

  async close(): Promise<void> {
    for (const file of this.#files) await file?.close();
    this.#files = [undefined, undefined];
  }

  async #read(turn: number): Promise<Uint8Array | undefined> {
    let file: DiskFile | undefined;
    try {
      file = await this.#disk.open(names[turn]);
      const bytes = new Uint8Array(await file.size());
      await file.read(0, bytes);
      this.#files[turn] = file;
      return bytes;
    } catch (thrown) {
      this.#log.warn("ring cannot read a watermark", { name: names[turn], reason: asFault(thrown).message });
      await file?.close();
      return undefined;
    }
  }

  async #create(name: string): Promise<DiskFile> {
    if ((await this.#disk.list()).includes(name)) await this.#disk.remove(name);
    const file = await this.#disk.open(name, { create: true });
    try {
      await file.allocate(this.#bytesMax);
      await file.sync();
      await this.#disk.syncDirectory();
    } catch (fault) {
      await file.close();
      throw fault;
    }
    return file;
  }
}
