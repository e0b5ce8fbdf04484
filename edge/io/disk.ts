/** A directory of this machine as a {@link Disk}. Source: platform facts of open(2), fdatasync(2), flock(2). */
import { join } from "node:path";
import { Fault } from "#proto/errors.ts";
import type { Disk, DiskFile } from "#proto/ports.ts";

/** Held with flock(2) while the directory is in use: the kernel lets go when the process ends, however it ends. */
const lockName = "lock";

const fillBytes = 256 * 1024;

/**
 * Takes a directory (made when missing) for this process alone. Rejects with `ring_in_use` when another process holds
 * it, `disk_failed` when it cannot be made or locked.
 */
export async function openDisk(path: string): Promise<Disk> {
  const lock = await attempt(`open directory "${path}"`, async () => {
    await Deno.mkdir(path, { recursive: true, mode: 0o700 });
    return await Deno.open(join(path, lockName), { read: true, write: true, create: true });
  });
  if (!await attempt(`lock directory "${path}"`, () => lock.tryLock(true))) {
    lock.close();
    throw new Fault("ring_in_use", `Cannot open directory "${path}": another process holds its lock`);
  }
  return diskIn(path, lock);
}

function diskIn(path: string, lock: Deno.FsFile): Disk {
  return {
    list: () =>
      attempt(`list "${path}"`, async () => {
        const names: string[] = [];
        for await (const entry of Deno.readDir(path)) {
          if (entry.isFile && entry.name !== lockName) names.push(entry.name);
        }
        return names;
      }),
    open: (name, options = {}) =>
      attempt(`open "${join(path, name)}"`, async () => {
        const createNew = options.create === true;
        return fileOf(await Deno.open(join(path, name), { read: true, write: true, createNew, mode: 0o600 }), name);
      }),
    remove: (name) => attempt(`remove "${join(path, name)}"`, () => Deno.remove(join(path, name))),
    rename: (from, to) => attempt(`rename "${join(path, from)}"`, () => Deno.rename(join(path, from), join(path, to))),
    syncDirectory: () =>
      attempt(`sync directory "${path}"`, async () => {
        using directory = await Deno.open(path, { read: true });
        await directory.sync();
      }),
    release: () => {
      lock.close();
      return Promise.resolve();
    },
  };
}

/** Deno's files have one cursor for all, so calls on a file wait for one another. */
function fileOf(file: Deno.FsFile, name: string): DiskFile {
  let last: Promise<unknown> = Promise.resolve();
  function inTurn<T>(action: string, work: () => Promise<T>): Promise<T> {
    const turn = last.then(() => attempt(`${action} "${name}"`, work));
    last = turn.catch(() => {
      // The caller of that turn was told; the next turn stands for itself.
    });
    return turn;
  }
  return {
    size: () => inTurn("stat", async () => (await file.stat()).size),
    read: (offset, into) => inTurn("read", () => readAt(file, { offset, into })),
    write: (offset, bytes) => inTurn("write", () => writeAt(file, { offset, bytes })),
    sync: () => inTurn("sync", () => file.syncData()),
    allocate: (size) => inTurn("allocate", () => fill(file, size)),
    truncate: (size) => inTurn("truncate", () => file.truncate(size)),
    close: () => inTurn("close", () => Promise.resolve(file.close())),
  };
}

async function readAt(file: Deno.FsFile, { offset, into }: { offset: number; into: Uint8Array }): Promise<number> {
  file.seekSync(offset, Deno.SeekMode.Start);
  let filled = 0;
  while (filled < into.length) {
    const count = await file.read(into.subarray(filled));
    if (count === null) break;
    filled += count;
  }
  return filled;
}

async function writeAt(file: Deno.FsFile, { offset, bytes }: { offset: number; bytes: Uint8Array }): Promise<void> {
  file.seekSync(offset, Deno.SeekMode.Start);
  let written = 0;
  while (written < bytes.length) written += await file.write(bytes.subarray(written));
}

/**
 * Zeros are written, not only reserved: overwriting written blocks needs no change of metadata, so every later
 * fdatasync is cheaper than after fallocate(2), and no call beyond Deno's own is needed.
 */
async function fill(file: Deno.FsFile, size: number): Promise<void> {
  const zeros = new Uint8Array(fillBytes);
  let offset = (await file.stat()).size;
  while (offset < size) {
    const bytes = zeros.subarray(0, Math.min(fillBytes, size - offset));
    await writeAt(file, { offset, bytes });
    offset += bytes.length;
  }
}

/** Foreign errors become Faults here and nowhere else. */
async function attempt<T>(action: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Fault(isFull(cause) ? "disk_full" : "disk_failed", `Cannot ${action}: ${reason}`, { cause });
  }
}

function isFull(cause: unknown): boolean {
  return cause instanceof Error && "code" in cause && (cause.code === "ENOSPC" || cause.code === "EDQUOT");
}
