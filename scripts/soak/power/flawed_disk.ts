/** Disks that break their word: by them the rig shows that it would find a ring that does. */
import type { Disk, DiskFile } from "#proto/ports.ts";

/** `no_sync`: a sync does nothing. `late_sync`: a sync is answered before it is done. */
export const flaws = ["no_sync", "late_sync"] as const;
/** One of {@link flaws}. */
export type Flaw = typeof flaws[number];

/** The disk with a flaw. */
export function flawedDisk(disk: Disk, flaw: Flaw): Disk {
  const sync = (work: () => Promise<void>): Promise<void> => {
    // Whoever waits for it was told already.
    if (flaw === "late_sync") void work().catch(() => undefined);
    return Promise.resolve();
  };
  const fileOf = (file: DiskFile): DiskFile => ({ ...file, sync: () => sync(() => file.sync()) });
  return {
    ...disk,
    open: async (name, options) => fileOf(await disk.open(name, options)),
    syncDirectory: () => sync(() => disk.syncDirectory()),
  };
}
