/** The machine's clocks as a {@link Clock}. */
import type { Clock } from "../ports.ts";
import { type Libc, openLibc } from "./libc.ts";

/**
 * Wall clock and CLOCK_BOOTTIME. On a machine without it `performance.now` stands in, which stops in suspend: good
 * enough for a laptop that shows the system, not for a vehicle.
 */
export function systemClock(libc: Libc | undefined = openLibc()): Clock {
  if (libc === undefined) return processClock();
  return { wallNs: () => libc.wallNs(), uptimeMs: () => libc.bootTimeMs(), after };
}

/** A clock for servers that are never suspended: needs no permission to call into libc. */
export function processClock(): Clock {
  return { wallNs: () => BigInt(Date.now()) * 1_000_000n, uptimeMs: () => performance.now(), after };
}

function after(delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const abort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", abort);
      resolve();
    }, delayMs);
    signal?.addEventListener("abort", abort, { once: true });
  });
}
