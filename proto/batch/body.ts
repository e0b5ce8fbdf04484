/**
 * The body of a batch, when unpacked. A block holds the records of one shape.
 *
 *     varint count of blocks | per block: its shape's hash (16) | i64 base time
 *     | with several blocks, per record: its block's index, u8, or u16 when there are more than 256 blocks
 *     | per block: times, then per field of the shape a column, see `column_forms.ts`
 *
 *     times: head byte and numbers (`number_forms.ts`): ts minus base, per row
 *            or, when one is 2^53 ns (104 days) away from the base: 0xff and per row i64
 */

/** In the place of the head byte of a block's times: they follow as they are. */
export const plainTimes = 0xff;
/** Indexes of more blocks than these take two bytes. */
export const shortIndexBlocks = 256;
