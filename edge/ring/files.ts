/** Names of the ring's files, and reading them. */
import type { Disk, DiskFile } from "#proto/ports.ts";

/** A segment's worth of space for a full disk. */
export const reserveName = "reserve";

const segmentPrefix = "segment-";

/** Name of a segment's file. */
export function segmentName(id: number): string {
  return `${segmentPrefix}${id.toString().padStart(12, "0")}`;
}

/** Whether a file may be a segment. */
export function isSegmentName(name: string): boolean {
  return name.startsWith(segmentPrefix);
}

/** Opens a file for one piece of work. */
export async function withFile<T>(disk: Disk, name: string, work: (file: DiskFile) => Promise<T>): Promise<T> {
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
