/** The desk of commands over this machine's disk. Imported when the first frames have been taken, as the uplink is. */
import { readCommandRoot } from "#proto/order.ts";
import { CommandDesk, type CommandDeskParts } from "../commands/desk.ts";
import { openDisk } from "./disk.ts";

/** Opens the journal in its directory; rejects with faults of the disk, and `bad_config` for a root that is none. */
export async function openCommands(
  parts: Omit<CommandDeskParts, "root" | "disk">,
  { rootPem, path }: { readonly rootPem: string; readonly path: string },
): Promise<CommandDesk> {
  const root = readCommandRoot(rootPem);
  const disk = await openDisk(path);
  try {
    return await CommandDesk.open({ ...parts, root, disk });
  } catch (thrown) {
    await disk.release();
    throw thrown;
  }
}
