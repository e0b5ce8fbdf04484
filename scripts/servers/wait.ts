/** Waits for a condition of the outside world. */

/** Asks every `stepMs` until the answer is not undefined; throws with `what` after `timeoutMs`. */
export async function waitFor<T>(
  what: string,
  ask: () => Promise<T | undefined>,
  options: { timeoutMs: number; stepMs?: number; signal?: AbortSignal },
): Promise<T> {
  const deadline = performance.now() + options.timeoutMs;
  while (true) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    options.signal?.throwIfAborted();
    if (performance.now() > deadline) throw new Error(`Waited ${options.timeoutMs / 1000} s for ${what} in vain`);
    await new Promise((resolve) => setTimeout(resolve, options.stepMs ?? 50));
  }
}

/** Fetches text when the answer is 2xx; undefined when it is not or nobody answers within a second. */
export async function tryFetch(url: string, init: RequestInit = {}): Promise<string | undefined> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(1000), ...init });
    const text = await response.text();
    return response.ok ? text : undefined;
  } catch (error) {
    const transport = error instanceof TypeError || error instanceof DOMException;
    if (transport) return undefined;
    throw error;
  }
}
