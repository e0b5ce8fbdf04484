/** The few calls of libc that Deno has no API for. Linux only; elsewhere they are absent and callers fall back. */

const symbols = {
  clock_gettime: { parameters: ["i32", "buffer"], result: "i32" },
  clock_settime: { parameters: ["i32", "buffer"], result: "i32" },
  adjtimex: { parameters: ["buffer"], result: "i32" },
} as const;

/** CLOCK_REALTIME of <time.h>. */
const clockRealtime = 0;
/** CLOCK_BOOTTIME of <time.h>: since the machine's start, suspend included. */
const clockBoottime = 7;
/** Size of `struct timex`, with room to spare on every architecture. */
const timexBytes = 256;
/** Return value of adjtimex for a clock that is not synchronised: TIME_ERROR of <sys/timex.h>. */
const timeError = 5;

/** See the head of this file. */
export interface Libc {
  /** Nanoseconds of CLOCK_REALTIME. */
  wallNs(): bigint;
  /** Sets CLOCK_REALTIME; false when the kernel refuses, for it is not everyone's to set. */
  setWallNs(ns: bigint): boolean;
  /** Milliseconds of CLOCK_BOOTTIME, with fractions. */
  bootTimeMs(): number;
  /** Whether the kernel holds the wall clock for synchronised. */
  clockSynchronized(): boolean;
}

/** Opens libc, or tells that this machine has none that we know. */
export function openLibc(): Libc | undefined {
  if (Deno.build.os !== "linux") return undefined;
  const { symbols: libc } = Deno.dlopen("libc.so.6", symbols);
  const timespec = new BigInt64Array(2);
  return {
    wallNs: () => {
      libc.clock_gettime(clockRealtime, timespec);
      return timespec[0] * 1_000_000_000n + timespec[1];
    },
    setWallNs: (ns) => {
      timespec[0] = ns / 1_000_000_000n;
      timespec[1] = ns % 1_000_000_000n;
      return libc.clock_settime(clockRealtime, timespec) === 0;
    },
    bootTimeMs: () => {
      libc.clock_gettime(clockBoottime, timespec);
      return Number(timespec[0]) * 1e3 + Number(timespec[1]) / 1e6;
    },
    clockSynchronized: () => {
      const state = libc.adjtimex(new Uint8Array(timexBytes));
      return state >= 0 && state !== timeError;
    },
  };
}
