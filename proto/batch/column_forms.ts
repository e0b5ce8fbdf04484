/**
 * A column in a batch's body: a head byte, then per row its presence where rows differ, then the values of the rows that
 * have one, if any:
 *
 *     bits 0 and 1 of the head byte: presence of the column; the others belong to the values
 *     | only `mixed`: per row 2 bits, lowest first (0 missing, 1 null, 2 value)
 *     | bool: per value 1 bit, lowest first
 *       f64: numbers, see `number_forms.ts`
 *       i64: numbers of the form `plain`
 *       str, json: see `texts.ts`
 *       f64s: varint 1 + length, when all arrays are equally long: then per place head byte and numbers across the rows;
 *             or varint 0, head byte and numbers: the lengths, and unless all are 0 head byte and numbers: all elements
 */

/** Presence of a whole column. */
export const presences = { values: 0, mixed: 1, nulls: 2, missing: 3 } as const;
/** The bits of a head byte that hold one of {@link presences}. */
export const presenceMask = 3;
