/** Ports of this machine: which are free, and who holds one that is not. */
import { run } from "./run.ts";

/** Below what systems hand out to outgoing connections: a port from here stays free until its server starts. */
const quietPorts = { first: 20_000, end: 32_000 };

/** Neighbouring ports that are all free now, on TCP and UDP. */
export function freePorts(count: number): number[] {
  while (true) {
    const first = quietPorts.first + Math.floor(Math.random() * (quietPorts.end - quietPorts.first - count));
    const ports = Array.from({ length: count }, (_, at) => first + at);
    if (ports.every((port) => isFree(port, "tcp") && isFree(port, "udp"))) return ports;
  }
}

/** Whether a port can be bound on loopback. */
export function isFree(port: number, transport: "tcp" | "udp"): boolean {
  try {
    if (transport === "tcp") Deno.listen({ hostname: "127.0.0.1", port }).close();
    else Deno.listenDatagram({ hostname: "127.0.0.1", port, transport: "udp" }).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) return false;
    throw error;
  }
}

/** Name and pid of the process that holds a port, as far as the machine tells. */
export async function holderOf(port: number, transport: "tcp" | "udp"): Promise<string> {
  const { ok, text } = await run("ss", ["-H", "-l", "-n", "-p", transport === "tcp" ? "-t" : "-u", `sport = :${port}`]);
  const match = ok ? /users:\(\("([^"]+)",pid=(\d+)/.exec(text) : null;
  return match === null ? await holderFromProc(port, transport) : `${match[1]} (pid ${match[2]})`;
}

/** Linux without `ss`: finds the socket's inode, then the process that has it open. */
async function holderFromProc(port: number, transport: "tcp" | "udp"): Promise<string> {
  try {
    const inodes = inodesOf(await Deno.readTextFile(`/proc/net/${transport}`), port);
    for (const entry of Deno.readDirSync("/proc")) {
      if (!/^\d+$/.test(entry.name) || !hasSocket(entry.name, inodes)) continue;
      const name = (await Deno.readTextFile(`/proc/${entry.name}/comm`)).trim();
      return `${name} (pid ${entry.name})`;
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied)) throw error;
  }
  return "a process that this user may not see";
}

/** Inodes of sockets bound to a port, from the text of /proc/net/tcp or udp. */
export function inodesOf(table: string, port: number): ReadonlySet<string> {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const rows = table.split("\n").slice(1).map((line) => line.trim().split(/\s+/));
  return new Set(rows.filter((cells) => cells[1]?.endsWith(suffix)).map((cells) => cells[9]));
}

function hasSocket(pid: string, inodes: ReadonlySet<string>): boolean {
  try {
    for (const fd of Deno.readDirSync(`/proc/${pid}/fd`)) {
      const target = Deno.readLinkSync(`/proc/${pid}/fd/${fd.name}`);
      const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
      if (inode !== undefined && inodes.has(inode)) return true;
    }
  } catch (error) {
    // A process that ended meanwhile, or one of another user.
    if (!(error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied)) throw error;
  }
  return false;
}
