/** Order statistics of what was measured. */

/** The value that a share (0 to 1) of the values does not pass: nearest rank, so always one of them. NaN of none. */
export function percentileOf(sorted: ArrayLike<number>, share: number): number {
  const rank = Math.max(1, Math.ceil(sorted.length * share));
  return sorted.length === 0 ? NaN : sorted[rank - 1];
}

/** What is told of many times, in their unit. */
export interface Percentiles {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

/** See {@link Percentiles}. */
export function percentilesOf(values: readonly number[]): Percentiles {
  const sorted = Float64Array.from(values).sort();
  const at = (share: number) => percentileOf(sorted, share);
  return { p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1) };
}

/** `p50 1.02, p90 1.40, p99 2.31, max 9.87 ms`. */
export function percentilesText({ p50, p90, p99, max }: Percentiles, digits = 2): string {
  const [a, b, c, d] = [p50, p90, p99, max].map((value) => value.toFixed(digits));
  return `p50 ${a}, p90 ${b}, p99 ${c}, max ${d} ms`;
}

/** One figure of several rounds: `median (least to most)`. */
export function spreadText(rounds: readonly number[], digits = 2): string {
  const sorted = Float64Array.from(rounds).sort();
  const [least, median, most] = [0, 0.5, 1].map((share) => percentileOf(sorted, share).toFixed(digits));
  return `${median} (${least} to ${most})`;
}
