/** Which clock offset to fix for an epoch. Pure. Source: protocol.md section 4, Time. */
import { clockOffsetMsMin } from "../limits.ts";

/** What is known when a relay's clock was seen. */
export interface LearnedOffset {
  /** Nanoseconds that the relay's clock is ahead of the vehicle's wall clock. */
  readonly aheadNs: bigint;
  readonly wallNs: bigint;
  /** The vehicle's time in the epoch, when this start has opened it; it does not step with the wall clock. */
  readonly epochNowNs: bigint | undefined;
}

/**
 * Nanoseconds to add to the epoch's times. 0 when they are good already. For an epoch of an earlier start the wall clock
 * is taken to have been as wrong as it is now: nothing better is known.
 */
export function offsetToFix({ aheadNs, wallNs, epochNowNs }: LearnedOffset): bigint {
  const offsetNs = epochNowNs === undefined ? aheadNs : wallNs + aheadNs - epochNowNs;
  const ms = Math.abs(Number(offsetNs)) / 1e6;
  return ms < clockOffsetMsMin ? 0n : offsetNs;
}
