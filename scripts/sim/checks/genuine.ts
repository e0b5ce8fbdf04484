/** Nothing is invented: each row is a frame that the vehicle gave, of its class and with its content, at its place. */
import { classes } from "#proto/class.ts";
import { ownStreamPrefix } from "#proto/ids.ts";
import { seriesName, type SimRow } from "../database.ts";
import { differenceOf, numberField } from "../frames.ts";
import type { Given } from "../given.ts";
import type { Check } from "./check.ts";

/** See the head of this file. */
export function genuine(): Check {
  return {
    name: "nothing is invented",
    end: ({ database, given }) => {
      for (const row of database.rows()) {
        const wrong = row.stream.startsWith(ownStreamPrefix) ? undefined : wrongWith(row, given);
        if (wrong !== undefined) return `row ${seriesName(row.vehicle, row.epoch, row)} ${row.seq}: ${wrong}`;
      }
      return undefined;
    },
  };
}

function wrongWith(row: SimRow, given: Given): string | undefined {
  const number = row.cells.get(numberField);
  const frame = given.frames.get(number as number);
  if (frame === undefined) return `frame ${number} was never given`;
  if (frame.vehicle !== row.vehicle) return `frame ${number} was given by "${frame.vehicle}"`;
  if (frame.class !== classes[row.class]) return `frame ${number} was given as ${frame.class}`;
  const answered = given.series.get(seriesName(row.vehicle, row.epoch, row))?.frames.get(row.seq);
  if (answered !== undefined && answered !== frame) return `it holds frame ${number}, answered was ${answered.number}`;
  return differenceOf(row, frame.shape);
}
