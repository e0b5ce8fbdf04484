/** Small draws that faults share. */
import type { SeededRandom } from "#proto/testing/random.ts";

/** One of some. */
export function oneOf<T>(random: SeededRandom, choices: readonly T[]): T {
  return choices[random.integer(0, choices.length - 1)];
}

/** A duration in milliseconds, short ones as likely as long ones: even in its logarithm. */
export function lasting(random: SeededRandom, { min, max }: { min: number; max: number }): number {
  return min * (max / min) ** random.fraction();
}
