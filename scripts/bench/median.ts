/** What rounds tell of a figure that each of them measures with an error. */
import { percentileOf } from "./percentiles.ts";

/** The median of rounds, and between what the true one lies in 95 of 100 runs. */
export interface MedianEstimate {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

/** Quantile of the normal distribution for 95 of 100. */
const normalQuantile = 1.96;

/**
 * Estimates the median without supposing anything of the errors but that they are independent: the bounds are values of
 * rounds, by the binomial distribution of how many of them lie below it (the sign test's interval). Of few rounds it is all
 * that they span.
 */
export function estimateMedian(rounds: readonly number[]): MedianEstimate {
  const sorted = Float64Array.from(rounds).sort();
  const { length } = sorted;
  const below = Math.max(0, Math.floor((length - normalQuantile * Math.sqrt(length)) / 2));
  return { median: percentileOf(sorted, 0.5), low: sorted[below], high: sorted[length - 1 - below] };
}

/** Whether a figure that should be at least `wanted` is; undecided when the estimate allows both. */
export function verdictOf({ low, high }: MedianEstimate, wanted: number): "reached" | "missed" | "undecided" {
  if (low >= wanted) return "reached";
  return high < wanted ? "missed" : "undecided";
}
