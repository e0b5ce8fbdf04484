/** Chance that repeats itself. */
import type { Random } from "../ports.ts";

/** What tests draw besides the port's verbs. */
export interface SeededRandom extends Random {
  /** A whole number from `from` to `to`, both included. */
  integer(from: number, to: number): number;
}

/** A Random that gives the same for the same seed: never for keys. */
export function seededRandom(seed: number): SeededRandom {
  const next = splitMix(seed);
  const fraction = () => next() / 2 ** 32;
  return {
    fraction,
    integer: (from, to) => from + Math.floor(fraction() * (to - from + 1)),
    bytes: (length) => Uint8Array.from({ length }, () => next() & 0xff),
  };
}

/** SplitMix32: each call a new unsigned 32-bit number. Source: Steele, Lea, Flood, OOPSLA 2014, in its 32-bit form. */
function splitMix(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = state ^ (state >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a2d97);
    return (mixed ^ (mixed >>> 15)) >>> 0;
  };
}
