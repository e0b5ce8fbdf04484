/**
 * An ext4 file system of its own in an image file, whose power can be cut without a virtual machine: the ioctl
 * EXT4_IOC_SHUTDOWN stops the file system at once, and what no sync had brought to the image is gone after the next
 * mount. It does not lose what a real disk holds in a cache of its own: flushes count as done. Linux, root.
 */
import { join } from "node:path";
import { endLeftovers } from "../dev/leftovers.ts";
import { run } from "../servers/run.ts";
import { waitFor } from "../servers/wait.ts";

/** Names of our folders begin so; the number of the process that made one follows. */
const prefix = "systemscale-loop-";
/** Name of the file in a disk's folder where a run writes down its processes, see leftovers.ts. */
export const runningName = "running.json";
const mountPointName = "mount_point";
/** How long a file system may stay busy after the processes on it were killed. */
const unmountPatience = { timeoutMs: 10_000, stepMs: 5 };

/** `_IOR('X', 125, __u32)` of <linux/ext4.h>. */
const shutdownRequest = 0x8004587dn;
/** EXT4_GOING_FLAGS_NOLOGFLUSH: the journal is not written out either. */
const withoutFlush = 2;
/** O_DIRECTORY is for good order; O_CLOEXEC keeps the descriptor from children, which would keep the mount busy. */
const openFlags = 0o200000 | 0o2000000;

const symbols = {
  open: { parameters: ["buffer", "i32"], result: "i32" },
  ioctl: { parameters: ["i32", "u64", "buffer"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
} as const;

/** A file system in an image. */
export interface LoopDisk {
  /** For whatever else the run keeps: goes with the disk. Processes in its {@link runningName} are ended with it. */
  readonly folder: string;
  /** Where it is mounted: below the folder. */
  readonly mountPoint: string;
  /** Stops the file system: from now on everything on it fails with EIO, and what was not synced is lost. */
  cut(): void;
  /** Unmounts and mounts again: the machine is back. Everything that had files open there must be gone. */
  remount(): Promise<void>;
  /**
   * Mounts the image again although processes have files open on the one before, which stay dead: for them the disk came
   * back by its path.
   */
  remountUnder(): Promise<void>;
  /** Unmounts and removes everything. */
  remove(): Promise<void>;
}

/** Makes, formats and mounts an image; removes what killed runs left behind first. `at`: mount point in the folder. */
export async function makeLoopDisk({ bytes, at = "mnt" }: { bytes: number; at?: string }): Promise<LoopDisk> {
  await removeLeftovers();
  const folder = await Deno.makeTempDir({ dir: temporaryFolder(), prefix: `${prefix}${Deno.pid}-` });
  const image = join(folder, "disk.img");
  const mountPoint = join(folder, at);
  await Deno.writeTextFile(join(folder, mountPointName), mountPoint);
  try {
    await Deno.mkdir(mountPoint, { recursive: true });
    (await Deno.create(image)).close();
    await Deno.truncate(image, bytes);
    await mustRun("mkfs.ext4", ["-q", "-F", "-m", "0", image]);
    await mount(image, mountPoint);
  } catch (error) {
    await Deno.remove(folder, { recursive: true });
    throw error;
  }
  return {
    folder,
    mountPoint,
    cut: () => shutDown(mountPoint),
    remount: async () => {
      await unmount(mountPoint);
      await mount(image, mountPoint);
    },
    remountUnder: async () => {
      await mustRun("umount", ["--lazy", mountPoint]);
      await mountAnew(image, mountPoint);
    },
    remove: async () => {
      await unmount(mountPoint);
      await Deno.remove(folder, { recursive: true });
    },
  };
}

/** Why this machine cannot cut the power of a file system; undefined when it can, which was tried. */
export async function whyNoLoopDisk(): Promise<string | undefined> {
  if (Deno.build.os !== "linux") return `needs Linux, this is ${Deno.build.os}`;
  if (Deno.uid() !== 0) return "needs root: mounting is not for others";
  try {
    const disk = await makeLoopDisk({ bytes: 8 << 20 });
    try {
      return await tryCut(disk);
    } finally {
      await disk.remove();
    }
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function tryCut({ mountPoint, cut, remount }: LoopDisk): Promise<string | undefined> {
  const file = join(mountPoint, "unsynced");
  await Deno.writeTextFile(file, "gone");
  cut();
  await remount();
  return isThere(file) ? "the shutdown ioctl of ext4 loses nothing here" : undefined;
}

/** Ends what killed runs of ours left: processes with files open on their disks, mounts, images. */
async function removeLeftovers(): Promise<void> {
  const temporary = temporaryFolder();
  for (const { name } of Array.from(Deno.readDirSync(temporary))) {
    const pid = new RegExp(`^${prefix}(\\d+)-`).exec(name)?.[1];
    if (pid === undefined || isThere(`/proc/${pid}`)) continue;
    const folder = join(temporary, name);
    await endLeftovers(join(folder, runningName));
    const mountPoint = await Deno.readTextFile(join(folder, mountPointName)).catch(() => undefined);
    if (mountPoint !== undefined && isMounted(mountPoint)) {
      for (const user of usersOf(mountPoint)) Deno.kill(user, "SIGKILL");
      await unmount(mountPoint);
    }
    await Deno.remove(folder, { recursive: true }).catch((error) => {
      // Another run may tidy up at the same time.
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
  }
}

function temporaryFolder(): string {
  return Deno.env.get("TMPDIR") ?? "/tmp";
}

async function mount(image: string, mountPoint: string): Promise<void> {
  await mustRun("mount", ["-t", "ext4", "-o", "loop,noatime", image, mountPoint]);
}

/** On a device of its own: the one before is still held by whoever has files open there. */
async function mountAnew(image: string, mountPoint: string): Promise<void> {
  const { ok, text } = await run("losetup", ["--find", "--show", image]);
  if (!ok) throw new Error(`Cannot find a loop device: ${text.trim()}`);
  const device = text.trim();
  await mustRun("mount", ["-t", "ext4", "-o", "noatime", device, mountPoint]);
  // From now on the device goes with its mount.
  await mustRun("losetup", ["--detach", device]);
}

/** Killed processes give their files back a moment later. */
async function unmount(mountPoint: string): Promise<void> {
  let said = "";
  await waitFor(`${mountPoint} to be unmounted`, async () => {
    const { ok, text } = await run("umount", [mountPoint]);
    said = text;
    return ok || undefined;
  }, unmountPatience).catch((error) => {
    throw new Error(`${error.message}: ${said.trim()}`, { cause: error });
  });
}

function shutDown(mountPoint: string): void {
  const library = Deno.dlopen("libc.so.6", symbols);
  const { symbols: libc } = library;
  const directory = libc.open(new TextEncoder().encode(`${mountPoint}\0`), openFlags);
  const result = directory < 0 ? directory : libc.ioctl(directory, shutdownRequest, new Uint32Array([withoutFlush]));
  if (directory >= 0) libc.close(directory);
  library.close();
  if (result !== 0) {
    throw new Error(`Cannot cut the power of ${mountPoint}: ${directory < 0 ? "open" : "ioctl"} failed`);
  }
}

function isMounted(mountPoint: string): boolean {
  return Deno.readTextFileSync("/proc/mounts").split("\n").some((line) => line.split(" ")[1] === mountPoint);
}

/** Processes with a file open below a path. */
function usersOf(path: string): number[] {
  const holds = (pid: string) => {
    try {
      return Array.from(Deno.readDirSync(`/proc/${pid}/fd`)).some(({ name }) =>
        Deno.readLinkSync(`/proc/${pid}/fd/${name}`).startsWith(`${path}/`)
      );
    } catch {
      // It ended meanwhile, or closed the file.
      return false;
    }
  };
  return Array.from(Deno.readDirSync("/proc"), ({ name }) => name).filter((name) => /^\d+$/.test(name) && holds(name))
    .map(Number);
}

function isThere(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

async function mustRun(command: string, args: readonly string[]): Promise<void> {
  const { ok, text } = await run(command, args);
  if (!ok) throw new Error(`Cannot run ${command}: ${text.trim()}`);
}
