/** Bounds of the rigs, with their reasons. */

/** Clients that a UDP proxy serves at once; the one that was silent for longest goes first. An agent takes a new port now and then. */
export const proxyClientsMax = 64;
/** Datagrams that wait for their arrival in one direction of a proxy: a second of delay at 16,000 a second. */
export const proxyWaitingMax = 16_384;
/** Largest datagram that UDP carries. */
export const datagramBytesMax = 65_535;
/** Frames of one post: an answer to so many fits into what the lean client reads. */
export const framesPerPost = 100;
/** Posts under way at once: a stall of one must not stop the vehicle's software. */
export const postsInFlightMax = 4;
/** Pause before what was not taken is posted again: short, as it is part of how long a restart is measured to take. */
export const repostPauseMs = 5;
/** An answer that takes longer will not come. */
export const postTimeoutMs = 10_000;
/** After the faults, processes may take so long to be well, and what is on board to get its verdict. */
export const healTimeoutMs = 90_000;
export const drainTimeoutMs = 180_000;
/** The ledger is written every 5 s; by then it must agree with the store. */
export const ledgerTimeoutMs = 20_000;
/** Rows that are asked of QuestDB at once. */
export const questRowsPerPage = 50_000;
/** What could not be posted during the trouble may be posted for so long after it. */
export const postOverrunMs = 60_000;
/** What a TCP proxy takes in one piece. */
export const pieceBytes = 64 * 1024;
/** Verdicts are looked for so often: the error of a stall that is measured. */
export const stallLookMs = 100;
