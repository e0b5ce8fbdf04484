/** Processor time of this thread: on a shared machine the time on the wall tells as much of the neighbours. */

/** CLOCK_THREAD_CPUTIME_ID of <time.h>. */
const clockThread = 3;

/** A function that gives the processor time of the calling thread in ms; of the process's wall time where there is none. */
export function threadTime(): () => number {
  if (Deno.build.os !== "linux") return () => performance.now();
  const { symbols: libc } = Deno.dlopen("libc.so.6", {
    clock_gettime: { parameters: ["i32", "buffer"], result: "i32" },
  });
  const timespec = new BigInt64Array(2);
  return () => {
    libc.clock_gettime(clockThread, timespec);
    return Number(timespec[0]) * 1e3 + Number(timespec[1]) / 1e6;
  };
}
