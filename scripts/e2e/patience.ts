/** How long tests on real processes wait for what must come. */

/** What comes earlier ends the wait, so this only says how slow a machine may be. */
export const patience = { timeoutMs: 60_000 };
