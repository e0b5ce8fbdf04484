/** The machine's randomness as a {@link Random}. */
import type { Random } from "../ports.ts";

/** Bytes from the operating system's generator, fit for keys. */
export function systemRandom(): Random {
  return {
    bytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
    fraction: () => Math.random(),
  };
}
