/** Puts itself between the ring and its files. */
import type { Disk, DiskFile } from "#proto/ports.ts";

/** What becomes of an open file. */
export type FileWrap = (file: DiskFile, name: string) => DiskFile;

/** A disk whose files are wrapped; the rest goes through unless it is overridden. */
export function withFiles(disk: Disk, wrap: FileWrap): Disk {
  return withDisk(disk, { open: async (name, options) => wrap(await disk.open(name, options), name) });
}

/** A disk some of whose verbs do something else. */
export function withDisk(disk: Disk, other: Partial<Disk>): Disk {
  return {
    list: () => disk.list(),
    open: (name, options) => disk.open(name, options),
    remove: (name) => disk.remove(name),
    rename: (from, to) => disk.rename(from, to),
    syncDirectory: () => disk.syncDirectory(),
    release: () => disk.release(),
    ...other,
  };
}

/** A file some of whose verbs do something else. */
export function withFile(file: DiskFile, other: Partial<DiskFile>): DiskFile {
  return {
    size: () => file.size(),
    read: (offset, into) => file.read(offset, into),
    write: (offset, bytes) => file.write(offset, bytes),
    sync: () => file.sync(),
    allocate: (size) => file.allocate(size),
    truncate: (size) => file.truncate(size),
    close: () => file.close(),
    ...other,
  };
}
