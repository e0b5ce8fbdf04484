/** Slows a file system's device down by the first version of control groups, which can do that for all processes. */
import { run } from "../../servers/run.ts";

const writeFile = "/sys/fs/cgroup/blkio/blkio.throttle.write_bps_device";

/** Why it cannot be done here; undefined when it can. */
export async function whyNoThrottle(): Promise<string | undefined> {
  const { ok } = await run("test", ["-w", writeFile]);
  return ok ? undefined : `there is no ${writeFile}: the second version of control groups throttles no root group`;
}

/** Bytes a second that may be written to the device below a mount point; 0 for as many as it can. */
export async function throttle(mountPoint: string, bytesPerSecond: number): Promise<void> {
  const { dev } = await Deno.stat(mountPoint);
  await Deno.writeTextFile(writeFile, `${dev >> 8}:${dev & 0xff} ${bytesPerSecond}`);
}
