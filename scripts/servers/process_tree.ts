/** Processor time of processes with all that they started, as Linux tells it in /proc. See proc_pid_stat(5). */

/** One process at one moment. */
export interface ProcessStat {
  readonly pid: number;
  readonly parent: number;
  /** It has ended, and only waits for its parent to ask how. */
  readonly ended: boolean;
  /** User and system time in seconds, with that of children that ended and were waited for. */
  readonly cpuSeconds: number;
}

/** USER_HZ: what /proc counts in, the same on every architecture that Deno runs on. */
const ticksPerSecond = 100;

/** Reads the text of one `/proc/PID/stat`. */
export function parseStat(text: string): ProcessStat {
  // The name stands in parentheses and may hold spaces and parentheses itself.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  return {
    pid: parseInt(text),
    parent: Number(fields[1]),
    ended: fields[0] === "Z",
    cpuSeconds: ticks / ticksPerSecond,
  };
}

/** The process and everything below it; none when it is gone. */
export function treeOf(stats: readonly ProcessStat[], root: number): ProcessStat[] {
  const tree = stats.filter(({ pid }) => pid === root);
  for (const { pid } of tree) tree.push(...stats.filter(({ parent }) => parent === pid));
  return tree;
}

/** Seconds that a process and everything below it have used. */
export function cpuSecondsOf(stats: readonly ProcessStat[], root: number): number {
  return treeOf(stats, root).reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0);
}

/** Every process of this machine. */
export function readStats(): ProcessStat[] {
  const stats: ProcessStat[] = [];
  for (const { name } of Deno.readDirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const text = readIfThere(`/proc/${name}/stat`);
    if (text !== undefined) stats.push(parseStat(text));
  }
  return stats;
}

/** Whether a process has ended, and with it all that it held: ports, files. Linux only. */
export function hasEnded(pid: number): boolean {
  const text = readIfThere(`/proc/${pid}/stat`);
  return text === undefined || parseStat(text).ended;
}

/** A process may end while the list is read. */
function readIfThere(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    // ESRCH has no class of its own.
    if (error instanceof Deno.errors.NotFound || (error instanceof Error && error.message.includes("os error 3"))) {
      return undefined;
    }
    throw error;
  }
}
