/** Processes of an earlier run that was killed before it could stop them. Linux tells who they are; elsewhere they stay. */
import { isAbsolute } from "node:path";
import { hasEnded } from "../servers/process_tree.ts";
import { waitFor } from "../servers/wait.ts";

/** How long the system may take to take back what a killed process held. */
const endPatience = { timeoutMs: 10_000, stepMs: 10 };

/** What a run writes down about itself. */
export interface RunningRecord {
  readonly supervisor: number;
  readonly children: readonly { readonly name: string; readonly pid: number; readonly command: string }[];
}

/** Ends the children of a supervisor that is gone, with all that they held. Returns their names. */
export async function endLeftovers(file: string): Promise<string[]> {
  const record = await readRecord(file);
  if (record === undefined || await isAlive(record.supervisor)) return [];
  const ended: string[] = [];
  for (const { name, pid, command } of record.children) {
    // The number may belong to somebody else by now: only the very program that was started is ended.
    if (!isAbsolute(command) || await executableOf(pid) !== await Deno.realPath(command)) continue;
    Deno.kill(pid, "SIGKILL");
    await waitFor(`the end of ${name} (pid ${pid})`, () => Promise.resolve(hasEnded(pid) || undefined), endPatience);
    ended.push(name);
  }
  return ended;
}

/** Whether the run that wrote the record still goes on. */
export async function isRunning(file: string): Promise<boolean> {
  const record = await readRecord(file);
  return record !== undefined && await isAlive(record.supervisor);
}

/** Writes the record down, whole or not at all: whoever is killed meanwhile leaves the one before. */
export function writeRecord(file: string, record: RunningRecord): void {
  Deno.writeTextFileSync(`${file}.new`, JSON.stringify(record, undefined, 2));
  Deno.renameSync(`${file}.new`, file);
}

async function readRecord(file: string): Promise<RunningRecord | undefined> {
  try {
    return JSON.parse(await Deno.readTextFile(file));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

async function isAlive(pid: number): Promise<boolean> {
  return await executableOf(pid) !== undefined;
}

async function executableOf(pid: number): Promise<string | undefined> {
  try {
    return await Deno.readLink(`/proc/${pid}/exe`);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied) return undefined;
    throw error;
  }
}
