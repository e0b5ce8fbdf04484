/** Finds the moments that the clock floor is made of. */
import { existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { readX509 } from "#proto/base/x509.ts";
import { asFault } from "#proto/errors.ts";
import type { Log } from "#proto/ports.ts";
import type { PassedMoments } from "../clock_floor.ts";
import { newestTime } from "../ring/newest_time.ts";
import { openDisk } from "./disk.ts";

/** Reads them. What cannot be read is told to the log and left out: the floor is then lower, and that is no harm. */
export async function readPassedMoments(
  { ringPath, leaf, log }: { ringPath: string; leaf: Uint8Array; log: Log },
): Promise<PassedMoments> {
  const readOr = async (source: string, read: () => Promise<bigint | undefined>) => {
    try {
      return await read();
    } catch (thrown) {
      log.warn("Clock floor without one of its moments", { source, error: asFault(thrown).message });
      return undefined;
    }
  };
  return {
    build: await readOr("build", readBuildTime),
    ring: await readOr("ring", () => readRingTime(ringPath, log)),
    certificate: BigInt(readX509(leaf).notBeforeMs) * 1_000_000n,
  };
}

/** When the program's own file was last written: packages keep the time of their build. */
async function readBuildTime(): Promise<bigint> {
  const source = fileURLToPath(import.meta.url);
  // A compiled program is one file, which holds its sources.
  const { mtimeNs } = await stat(existsSync(source) ? source : Deno.execPath(), { bigint: true });
  return mtimeNs;
}

async function readRingTime(ringPath: string, log: Log): Promise<bigint | undefined> {
  // A ring that was never opened is made by the agent.
  if (!existsSync(ringPath)) return undefined;
  const disk = await openDisk(ringPath);
  try {
    return await newestTime({ disk, log });
  } finally {
    await disk.release();
  }
}
