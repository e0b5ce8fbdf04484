/** What `deno task soak` can run: faults of the world put upon real processes, for a bounded time. */
import type { Entry, Menu } from "../menu/menu.ts";

const entries: readonly Entry[] = [
  {
    name: "dark",
    what: "a vehicle that was dark for days comes back: the ring's size, time to drain, live delay, every row (R4)",
    usage: "[--hours N] [--signals N] [--hertz N] [--ring MEBIBYTES]",
    file: "scripts/soak/dark.ts",
    args: [],
  },
];

/** The menu of the rigs. */
export const soaks: Menu = {
  task: "soak",
  entries,
  note:
    "Each keeps its state in a folder of its own, prints what it did and what it found, and ends with 1 when something was lost.",
};
