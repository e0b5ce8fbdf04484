/** Nothing is doubled: one row per vehicle, epoch, class and seq, and one row per frame. */
import { seriesName } from "../database.ts";
import { numberField } from "../frames.ts";
import type { Check, View } from "./check.ts";

/** See the head of this file. */
export function single(): Check {
  return { name: "nothing is doubled", end: findDoubled };
}

function findDoubled({ database }: View): string | undefined {
  const numbers = new Set<unknown>();
  for (const row of database.rows()) {
    const name = seriesName(row.vehicle, row.epoch, row);
    const rows = database.shown(name, row.seq);
    if (rows > 1) return `${name} ${row.seq} has ${rows} rows`;
    const number = row.cells.get(numberField);
    if (number === undefined || number === null) continue;
    if (numbers.has(number)) return `frame ${number} is stored a second time as ${name} ${row.seq}`;
    numbers.add(number);
  }
  return undefined;
}
