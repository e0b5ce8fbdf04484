/**
 * The clock floor: a vehicle without a battery behind its clock begins in 1970, where no certificate of a relay is valid
 * yet. So before the agent dials, a clock that stands behind every moment that has certainly passed is lifted to the
 * newest of these. It never goes back, and claims no more than "not earlier": the true time comes from the network.
 * Pure. Source: protocol.md section 3.
 */

/** Moments that have passed, nanoseconds since 1970; undefined where nothing is known. */
export interface PassedMoments {
  /** When this program was built. */
  readonly build: bigint | undefined;
  /** The newest time in the ring that is known to be right. */
  readonly ring: bigint | undefined;
  /** From when the vehicle's certificate is valid. */
  readonly certificate: bigint | undefined;
}

/** Where the clock must be lifted to, and whose moment that is. */
export interface ClockLift {
  readonly toNs: bigint;
  readonly source: keyof PassedMoments;
}

/** The lift that a clock needs; undefined when it is not behind. */
export function clockLiftOf(wallNs: bigint, moments: PassedMoments): ClockLift | undefined {
  let lift: ClockLift | undefined;
  for (const source of ["build", "ring", "certificate"] as const) {
    const toNs = moments[source];
    if (toNs !== undefined && toNs > (lift?.toNs ?? wallNs)) lift = { toNs, source };
  }
  return lift;
}
