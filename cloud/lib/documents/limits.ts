/** Bounds of documents in a bucket. */

/** What is asked of a bucket answers within this time, or the call fails. */
export const documentTimeoutMs = 4_000;
