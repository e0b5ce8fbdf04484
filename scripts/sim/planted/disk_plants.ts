/** Bugs in how the ring deals with its disk. */
import type { DiskFile } from "#proto/ports.ts";
import type { Life } from "../machine.ts";
import type { Plant } from "../plant.ts";
import { withDisk, withFile, withFiles } from "./file_tap.ts";

/** A file whose sync is answered at once and carried out later, as if the caller had not waited for it. */
function syncedLate(file: DiskFile, { life, afterMs }: { life: Life; afterMs: number }): DiskFile {
  const sync = async () => {
    await life.after(afterMs);
    await file.sync().catch(() => undefined);
  };
  return withFile(file, { sync: () => Promise.resolve(void sync()) });
}

const isSegment = (name: string) => name.startsWith("segment-");
const isWatermark = (name: string) => name.startsWith("watermark-");

/** How long a watermark that was written may stay off the disk. */
const watermarkLateMs = 60_000;

const watermarkAfterUnlink: Plant = {
  name: "watermark after unlink",
  what: "a segment's file goes before the watermark that says why is on the disk",
  needs: { faults: ["vehicle power cut", "burst"], isBusy: true, isSmall: true },
  disk: (disk, { life }) => {
    let syncedMs = -Infinity;
    const sync = async (file: DiskFile) => {
      if (life.uptimeMs() - syncedMs < watermarkLateMs) return;
      syncedMs = life.uptimeMs();
      await file.sync();
    };
    return withFiles(disk, (file, name) => isWatermark(name) ? withFile(file, { sync: () => sync(file) }) : file);
  },
};

const answeredBeforeSync: Plant = {
  name: "acknowledgement before sync",
  what: "an append is answered durable while its bytes are still on their way to the disk",
  needs: { faults: ["vehicle power cut"] },
  disk: (disk, { life }) =>
    withFiles(disk, (file, name) => isSegment(name) ? syncedLate(file, { life, afterMs: 3_000 }) : file),
};

const fsyncRetried: Plant = {
  name: "retry of a failed fsync",
  what: "a sync that failed is tried again on the same file, and its success is believed",
  needs: { faults: ["vehicle power cut", "disk error", "UDP blocked"], isBusy: true },
  disk: (disk) =>
    withFiles(
      disk,
      (file, name) => isSegment(name) ? withFile(file, { sync: () => retried(() => file.sync()) }) : file,
    ),
};

const directoryNotSynced: Plant = {
  name: "directory not synced",
  what: "a new segment's records are called durable although its name is not",
  needs: { faults: ["vehicle power cut", "burst"] },
  disk: (disk) => withDisk(disk, { syncDirectory: () => Promise.resolve() }),
};

const gapNotDurable: Plant = {
  name: "gap record not durable",
  what: "records are given up before the gap record that names them is on the disk",
  needs: { faults: ["vehicle power cut", "burst", "UDP blocked"], isBusy: true, isSmall: true },
  disk: (disk, { life }) =>
    withFiles(disk, (file, name) => {
      if (!isSegment(name)) return file;
      let isCritical = false;
      const late = syncedLate(file, { life, afterMs: 10_000 });
      return withFile(file, {
        write: (offset, bytes) => {
          // A segment's header says at byte 6 what class it is of.
          if (offset === 0 && bytes.length > 6) isCritical = bytes[6] === 0;
          return file.write(offset, bytes);
        },
        sync: () => isCritical ? late.sync() : file.sync(),
      });
    }),
};

const filesLeftBehind: Plant = {
  name: "files left behind",
  what: "the bytes of removed files are counted as free although they are not",
  needs: { faults: ["burst", "UDP blocked", "suspend", "agent crash"] },
  disk: (disk) =>
    withDisk(disk, {
      remove: () => Promise.resolve(),
      rename: async (from, to) => {
        // The old space is kept beside the new.
        const file = await disk.open(`kept-${to}`, { create: true });
        await file.allocate(8 * 1024);
        await file.close();
        await disk.rename(from, to);
      },
    }),
};

const hungSync: Plant = {
  name: "an append that is never answered",
  what: "the end of a sync is sometimes not noticed, and everything behind it waits",
  disk: (disk, { random }) =>
    withFiles(disk, (file, name) =>
      isSegment(name)
        ? withFile(file, {
          sync: async () => {
            await file.sync();
            if (random.fraction() < 0.005) await new Promise<void>(() => {});
          },
        })
        : file),
};

const epochReused: Plant = {
  name: "seqs given out again after a crash",
  what: "a start goes on in the epoch of the last one, and counts from 1 again",
  needs: { faults: ["agent crash"] },
  random: (random) => ({
    fraction: () => random.fraction(),
    bytes: (length) => length === 8 ? Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8) : random.bytes(length),
  }),
};

/** See the head of this file. */
export const diskPlants: readonly Plant[] = [
  ...[watermarkAfterUnlink, answeredBeforeSync, fsyncRetried, directoryNotSynced],
  ...[gapNotDurable, filesLeftBehind, hungSync, epochReused],
];

async function retried(sync: () => Promise<void>): Promise<void> {
  for (let tries = 0; tries < 5; tries++) {
    try {
      return await sync();
    } catch (thrown) {
      if (tries === 4) throw thrown;
    }
  }
}
