/** Names of the ring's files, and reading them. */
import type { Disk, DiskFile } from "#proto/ports.ts";

/** A segment's worth of space for a full disk. */
export const reserveName = "reserve";
/** The next segment's file, made ahead of its need. */
export const spareName = "spare";

const segmentPrefix = "segment-";

/** Name of a segment's file. */
export function segmentName(id: number): string {
  return `${segmentPrefix}${id.toString().padStart(12, "0")}`;
}

/** The number in a segment's name; undefined for other files. */
export function segmentIdOf(name: string): number | undefined {
  return /^segment-[0-9]{12,15}$/.test(name) ? Number(name.slice(segmentPrefix.length)) : undefined;
}

/** Opens a file for one piece of work. */
export async function withFile<T>(
  { disk, name }: { disk: Disk; name: string },
  work: (file: DiskFile) => Promise<T>,
): Promise<T> {
  const file = await disk.open(name);
  try {
    return await work(file);
  } finally {
    await file.close();
  }
}

/** Reads from one offset to another, or to the end of the file. */
export async function readPart(file: DiskFile, { from, to }: { from: number; to: number }): Promise<Uint8Array> {
  const bytes = new Uint8Array(to - from);
  return bytes.subarray(0, await file.read(from, bytes));
}

/** Gives back the space behind an offset, durably: the cap counts on it, also after a power cut. */
export async function trimTo(file: DiskFile, size: number): Promise<void> {
  await file.truncate(size);
  await file.sync();
}
