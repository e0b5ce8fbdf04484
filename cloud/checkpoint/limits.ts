/** Limits of holding a checkpoint, named and with their reasons. */

/** Between looks at QuestDB: so long a store that was started again may be without a checkpoint. */
export const lookIntervalMs = 2_000;
/** From one checkpoint to the next. What is younger comes again from the log: the less, the sooner. */
export const renewIntervalMs = 60_000;
/** Without a checkpoint between two: QuestDB removes old versions of files only while none is held. */
export const tidyMs = 500;
/** Making one syncs the whole machine. */
export const createTimeoutMs = 120_000;
/** What somebody else holds is said so often. */
export const yieldNoticeMs = 300_000;
