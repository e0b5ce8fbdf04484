/** Watches how much a folder's files take on disk, as the file system counts it. */
import { join } from "node:path";

/** Bytes of the blocks that the files directly in a folder occupy. */
export async function folderBytes(folder: string): Promise<number> {
  let sum = 0;
  for await (const { name } of Deno.readDir(folder)) {
    // A file may go while the folder is read.
    const stat = await Deno.stat(join(folder, name)).catch(() => undefined);
    sum += (stat?.blocks ?? 0) * 512;
  }
  return sum;
}

/** The most that a folder ever took, as far as was looked. */
export class PeakOfFolder {
  readonly #folder: string;
  readonly #stopping = new AbortController();
  readonly #watching: Promise<void>;
  #peak = 0;

  constructor(folder: string, intervalMs = 250) {
    this.#folder = folder;
    this.#watching = this.#watch(intervalMs);
  }

  /** Looks once more and ends the watch. */
  async stop(): Promise<number> {
    this.#stopping.abort();
    await this.#watching;
    await this.#look();
    return this.#peak;
  }

  async #watch(intervalMs: number): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      await this.#look();
      await new Promise((resolve) => setTimeout(resolve, intervalMs));
    }
  }

  async #look(): Promise<void> {
    this.#peak = Math.max(this.#peak, await folderBytes(this.#folder));
  }
}
