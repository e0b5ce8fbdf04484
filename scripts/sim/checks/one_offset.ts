/** A stored time depends on its batch alone: all rows of an epoch lie by one clock offset from what the vehicle gave. */
import { numberField } from "../frames.ts";
import type { Check, View } from "./check.ts";

/** See the head of this file. */
export function oneOffset(): Check {
  return { name: "one clock offset per epoch", end: findSecond };
}

function findSecond({ database, given }: View): string | undefined {
  const offsets = new Map<string, bigint>();
  for (const row of database.rows()) {
    const frame = given.frames.get(row.cells.get(numberField) as number);
    if (frame === undefined) continue;
    const epoch = `${row.vehicle}/${row.epoch}`;
    const offset = row.ts - frame.ts;
    const known = offsets.get(epoch) ?? offset;
    if (known !== offset) return `epoch ${epoch} has rows with offsets ${known} and ${offset} ns`;
    offsets.set(epoch, offset);
  }
  return undefined;
}
