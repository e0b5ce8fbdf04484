/** Classes of records, lanes of a link, and their numbers on wire and disk. */

/** What is dropped last comes first; the place in the list is the number on wire and disk. */
export const classes = ["critical", "event", "normal", "bulk"] as const;
/** How precious a record is: space is taken back from the last of the list first. */
export type Class = typeof classes[number];
/** A {@link Class} as its number, 0 to 3. */
export type ClassNumber = 0 | 1 | 2 | 3;

/** The lanes of a link; the place in the list is the number in a link frame. */
export const lanes = ["control", "command", "live", "backfill"] as const;
/** An ordered channel inside one link. */
export type Lane = typeof lanes[number];
/** The lanes that carry batches. */
export type TelemetryLane = "live" | "backfill";

/** The number of a class. */
export function classNumber(name: Class): ClassNumber {
  return classes.indexOf(name) as ClassNumber;
}

/** Tells whether a number from outside names a class. */
export function isClassNumber(value: number): value is ClassNumber {
  return Number.isInteger(value) && value >= 0 && value < classes.length;
}
