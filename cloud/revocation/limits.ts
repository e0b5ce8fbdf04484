/** Bounds of the watch over revocations, with their reasons. */

/** A look that fails is repeated after so long at the soonest: an authority in trouble is not asked more. */
export const watchRetryMs = 2_000;
/** A hint is said again with so many looks after it: a relay that was just joining its hub again did not hear it. */
export const hintRepeats = 3;
