/**
 * Floats that were printed with nine digits (C's `%.9g`, the way from float32 to text and back without loss) and parsed
 * again as doubles. They are no float32 any more, but the float32 tells which double it was: rounded to nine significant
 * decimal digits, as a whole number over a power of ten. That is one multiplication and one division.
 *
 * The sender checks every value against this very function, so what rounds differently is never written in this form.
 */

/** Beyond 10^22 these are not exact and the result may be off; the sender's check sees it. */
const powers = Float64Array.from({ length: 64 }, (_, exponent) => Number(`1e${exponent}`));

/** By biased exponent: how many decimals give the smallest float32 of that exponent nine digits. */
const decimals = Int8Array.from({ length: 256 }, (_, exponent) => 8 - Math.floor(Math.log10(2 ** (exponent - 127))));

/** The double that the nine-digit text of a float32 parses to. `word` holds the float's bits. */
export function printedDouble(float: number, word: number): number {
  if (float === 0) return float;
  const size = Math.abs(float);
  let places = decimals[(word >>> 23) & 0xff];
  let digits = shift(size, places);
  if (digits >= 1e9) digits = shift(size, --places);
  const value = shift(Math.floor(digits + 0.5), -places);
  return float < 0 ? -value : value;
}

function shift(value: number, places: number): number {
  return places >= 0 ? value * powers[places] : value / powers[-places];
}
