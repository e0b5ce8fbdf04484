/** Every append is answered, one way or the other, within a bound. */
import type { Check } from "./check.ts";

/** Slow disks of the simulation take some seconds for a call, and an append may wait for several. */
const answerMsMax = 60_000;

/** See the head of this file. */
export function waits(): Check {
  return {
    name: "every append is answered",
    look: ({ vehicles, nowMs }) => {
      const late = vehicles().find(({ openSinceMs }) => openSinceMs !== undefined && nowMs - openSinceMs > answerMsMax);
      return late && `an append to "${late.id}" has no answer since ${late.openSinceMs} ms`;
    },
  };
}
