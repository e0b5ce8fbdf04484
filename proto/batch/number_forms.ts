/**
 * The forms that a column of doubles can take, bit for bit. One head byte says which:
 *
 *     bits 0 and 1: left to the column (presence) | bits 2 to 4: form | bit 5: constant, only one number is there
 *
 * | form | numbers                                                       | bytes of a number                         |
 * |------|---------------------------------------------------------------|-------------------------------------------|
 * | 0    | whole, none -0, within 2^52 - 1                               | varint of its delta, see `wholes.ts`      |
 * | 1    | equal to their float32                                        | 4, in planes: all lowest bytes, all second |
 * | 2    | a float32 printed with nine digits, see `printed.ts`          | 4, in planes                              |
 * | 3    | few decimals: u8 places, then whole numbers over 10^places    | varint of its delta                       |
 * | 4    | any                                                           | 8, in planes                              |
 *
 * Planes show zstd the like bytes of neighbours side by side. The payload of a NaN is not kept.
 */

/** Numbers of the forms. */
export const numberForms = { wholes: 0, floats: 1, printed: 2, decimals: 3, plain: 4 } as const;
/** One of {@link numberForms}. */
export type NumberForm = typeof numberForms[keyof typeof numberForms];

/** Where the form lies in the head byte. */
export const formShift = 2;
/** Set when all numbers are the same. */
export const constantBit = 0x20;
/** Most places of the form `decimals`. */
export const placesMax = 15;
