/**
 * The journal of commands on the vehicle's disk: a file of lines, each with its checksum, written before anything acts on
 * it. What a crash or a power cut tore off at the end was never acted upon.
 *
 *     8 hex digits of the CRC32C of the text | space | text, JSON | line feed
 */
import { asFault, Fault } from "#proto/errors.ts";
import { crc32c } from "#proto/crc32c.ts";
import type { Disk, DiskFile, Log } from "#proto/ports.ts";
import { journalBytesMax } from "../limits.ts";
import { type Entry, readEntry } from "./entry.ts";

const fileName = "journal";
const nextName = "journal.new";

/** One writer; calls wait for one another. */
export class Journal {
  readonly #disk: Disk;
  #file: DiskFile | undefined;
  #size = 0;

  private constructor(disk: Disk) {
    this.#disk = disk;
  }

  /** Opens the journal and gives what stands in it. Faults of the disk. */
  static async open(disk: Disk, log: Log): Promise<{ journal: Journal; entries: Entry[] }> {
    const journal = new Journal(disk);
    const names = await disk.list();
    if (names.includes(nextName)) await disk.remove(nextName);
    if (!names.includes(fileName)) return { journal, entries: [] };
    const file = await disk.open(fileName);
    const bytes = new Uint8Array(await file.size());
    const length = await file.read(0, bytes);
    await file.close();
    const { entries, goodBytes } = readLines(bytes.subarray(0, length));
    if (goodBytes < length) log.warn("The journal of commands ends in something torn", { bytes: length - goodBytes });
    return { journal, entries };
  }

  /** Whether it should be written anew. */
  get isLarge(): boolean {
    return this.#size > journalBytesMax;
  }

  /** Makes entries durable behind the others. After a fault nothing is appended until {@link rewrite}. */
  async append(entries: readonly Entry[]): Promise<void> {
    const file = this.#file;
    if (file === undefined) throw new Fault("disk_failed", "Cannot write journal of commands: it is not open");
    const bytes = encodeLines(entries);
    try {
      await file.write(this.#size, bytes);
      await file.sync();
    } catch (thrown) {
      // What a failed sync left is not known: that file is not trusted any more.
      this.#file = undefined;
      await file.close().catch((error) => asFault(error));
      throw thrown;
    }
    this.#size += bytes.byteLength;
  }

  /** Puts a journal of these entries in the place of the old one, whole or not at all. */
  async rewrite(entries: readonly Entry[]): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
    if ((await this.#disk.list()).includes(nextName)) await this.#disk.remove(nextName);
    const file = await this.#disk.open(nextName, { create: true });
    const bytes = encodeLines(entries);
    await file.write(0, bytes);
    await file.sync();
    await this.#disk.rename(nextName, fileName);
    await this.#disk.syncDirectory();
    this.#file = file;
    this.#size = bytes.byteLength;
  }

  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
    await this.#disk.release();
  }
}

function encodeLines(entries: readonly Entry[]): Uint8Array {
  const text = new TextEncoder();
  const lines = entries.map((entry) => {
    const json = JSON.stringify(entry);
    return `${crc32c(text.encode(json)).toString(16).padStart(8, "0")} ${json}\n`;
  });
  return text.encode(lines.join(""));
}

/** Reads up to the first line that is not whole. */
function readLines(bytes: Uint8Array): { entries: Entry[]; goodBytes: number } {
  const entries: Entry[] = [];
  let at = 0;
  for (;;) {
    const end = bytes.indexOf(10, at);
    if (end < 0) break;
    const line = bytes.subarray(at, end);
    const entry = line.byteLength > 9 ? readLine(line) : undefined;
    if (entry === undefined) break;
    entries.push(entry);
    at = end + 1;
  }
  return { entries, goodBytes: at };
}

function readLine(line: Uint8Array): Entry | undefined {
  const text = new TextDecoder();
  const json = line.subarray(9);
  const checksum = crc32c(json).toString(16).padStart(8, "0");
  return text.decode(line.subarray(0, 9)) === `${checksum} ` ? readEntry(text.decode(json)) : undefined;
}
