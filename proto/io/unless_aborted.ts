/** Work that cannot be told to stop, under a signal. */

/** Rejects at once when the signal fires; what comes too late is thrown away. */
export async function unlessAborted<T>(
  work: Promise<T>,
  { signal, discard }: { signal: AbortSignal; discard: (late: T) => void },
): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const abort = () => {
    work.then(discard, () => undefined);
    aborted.reject(signal.reason);
  };
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
