/** A directory of this machine as a {@link Disk}. */
import { Fault } from "#proto/errors.ts";
import type { Disk } from "#proto/ports.ts";

/**
 * Takes a directory (made when missing) for this process alone. Rejects with `ring_in_use` when another process holds
 * it, `disk_failed` when it cannot be made or locked.
 */
export function openDisk(_path: string): Promise<Disk> {
  throw new Fault("unavailable", "Cannot open disk: not built yet");
}
