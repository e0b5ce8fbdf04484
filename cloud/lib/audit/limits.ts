/** Bounds of the audit log. */

/** An entry that another one overtook is tried again so often. */
export const appendAttemptsMax = 16;
/** Entries of the log, some hundred bytes each. One that is full takes no more, which is told; bytes would be reserved. */
export const auditEntriesMax = 10_000_000;
/** What is asked of the log answers within this time, or the call fails. */
export const auditTimeoutMs = 4_000;
/** Entries in one answer at most, and read at a time when the chain is checked. */
export const auditPageMax = 500;
