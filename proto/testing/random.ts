/** Chance that repeats itself. */
import type { Random } from "../ports.ts";

/** What tests draw besides the port's verbs. */
export interface SeededRandom extends Random {
  /** A whole number from `from` to `to`, both included. */
  integer(from: number, to: number): number;
}

/** A Random that gives the same for the same seed: never for keys. */
export function seededRandom(_seed: number): SeededRandom {
  throw new Error("to be written");
}
