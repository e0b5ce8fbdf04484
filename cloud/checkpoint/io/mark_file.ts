/** The mark of a checkpoint as a small JSON file that a power cut leaves whole, and what else lies in QuestDB's root. */
import { join } from "node:path";
import { z } from "zod";
import { Fault } from "#proto/errors.ts";
import type { Mark } from "../held.ts";
import type { MarkFile } from "../ports.ts";

const fileName = "checkpoint_mark.json";
/** QuestDB goes back to its checkpoint when it finds this at its start, and removes it when it has. */
const restoreName = "_restore";

const schema: z.ZodType<Mark> = z.discriminatedUnion("state", [
  z.strictObject({ state: z.literal("making"), boot: z.string() }),
  z.strictObject({ state: z.literal("held"), boot: z.string(), startedAt: z.string() }),
]);

/** The mark in QuestDB's root. */
export function markFileIn(root: string): MarkFile {
  const path = join(root, fileName);
  return {
    read: async () => {
      const text = await readIfThere(path);
      return text === undefined ? undefined : markOf(text);
    },
    write: async (mark) => {
      await writeDurably(`${path}.new`, JSON.stringify(mark));
      await Deno.rename(`${path}.new`, path);
      await syncFolder(root);
    },
    remove: async () => {
      await removeIfThere(path);
      await syncFolder(root);
    },
  };
}

/** What cannot be read is worth as little as a checkpoint that is being made. */
function markOf(text: string): Mark {
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    return { state: "making", boot: "unreadable" };
  }
}

/** Lets QuestDB's next start go back to the checkpoint. Durable when it resolves. */
export async function askForRestore(root: string): Promise<void> {
  await writeDurably(join(root, restoreName), "");
  await syncFolder(root);
}

/** Brings everything on the file system of the root to its disk. */
export async function syncFileSystem(root: string): Promise<void> {
  const { success, stderr } = await new Deno.Command("sync", { args: ["-f", root], stdout: "null", stderr: "piped" })
    .output();
  if (!success) throw new Fault("disk_failed", `Cannot sync "${root}": ${new TextDecoder().decode(stderr).trim()}`);
}

async function writeDurably(path: string, text: string): Promise<void> {
  using file = await Deno.open(path, { write: true, create: true, truncate: true });
  file.writeSync(new TextEncoder().encode(text));
  await file.sync();
}

async function syncFolder(path: string): Promise<void> {
  using folder = await Deno.open(path);
  await folder.sync();
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

async function removeIfThere(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
