/**
 * Whole numbers as zig-zag varints of their deltas, or of the deltas of those where that is shorter: counters, clocks
 * and states change little or steadily.
 *
 *     u8 exponent of the unit (bits 0 to 3) and order (bit 4: 0 deltas, 1 deltas of deltas)
 *     | zig-zag varint first number | from the second on: zig-zag varint delta in units of 10^exponent
 *
 * The unit is the largest power of ten that divides all deltas: nanoseconds are often microseconds in truth.
 */
import { type ByteReader, type ByteWriter, varintBytesMax } from "../bytes.ts";

/** Numbers up to this, and deltas up to this, keep every step exact in doubles and their zig-zag form below 2^53. */
export const wholeMax = 2 ** 52 - 1;
const exponentMax = 9;
const secondOrder = 0x10;
const powers = Array.from({ length: exponentMax + 1 }, (_, exponent) => 10 ** exponent);

/** How a run of whole numbers will be written: first {@link make} it, then {@link write}. Used again and again. */
export class WholePlan {
  /** Bytes that {@link write} will take. */
  bytes = 0;
  /** Deltas in units, from index 1; those of deltas when the order is 2. Index 0 holds the first number. */
  #steps = new Float64Array(0);
  #count = 0;
  #exponent = 0;
  #order: 1 | 2 = 1;

  /**
   * Plans the first `count` of the values, at least one, that are no -0 and within `wholeMax`. False when a delta is too
   * large, so that they must be written otherwise.
   */
  make(values: Float64Array, count: number): boolean {
    if (this.#steps.length < count) this.#steps = new Float64Array(Math.max(count, 1024));
    const steps = this.#steps;
    this.#count = count;
    steps[0] = values[0];
    let largest = 0;
    for (let i = 1; i < count; i++) {
      const step = values[i] - values[i - 1];
      steps[i] = step;
      largest = Math.max(largest, Math.abs(step));
    }
    if (largest > wholeMax) return false;
    this.#exponent = divideByUnit(steps, count);
    this.#chooseOrder(largest);
    return true;
  }

  /** Writes what was planned. */
  write(out: ByteWriter): void {
    const steps = this.#steps;
    out.reserve(this.bytes + varintBytesMax);
    const bytes = out.bytes;
    bytes[out.length++] = this.#exponent | (this.#order === 2 ? secondOrder : 0);
    for (let i = 0; i < this.#count; i++) {
      const coded = zigzag(steps[i]);
      if (coded < 0x80) bytes[out.length++] = coded;
      else out.varint(coded);
    }
  }

  /** Turns the steps into those of second order where that is shorter. */
  #chooseOrder(largest: number): void {
    const steps = this.#steps;
    let first = 0;
    let second = 0;
    let before = 0;
    for (let i = 1; i < this.#count; i++) {
      first += stepBytes(steps[i]);
      second += stepBytes(steps[i] - before);
      before = steps[i];
    }
    // The difference of two steps must not leave the range either.
    this.#order = second < first && largest <= wholeMax / 2 ? 2 : 1;
    this.bytes = 1 + stepBytes(steps[0]) + (this.#order === 2 ? second : first);
    if (this.#order === 1) return;
    for (let i = this.#count - 1; i > 1; i--) steps[i] -= steps[i - 1];
  }
}

/** Reads `count` numbers, at least one, into the start of `into`. */
export function readWholes(reader: ByteReader, { into, count }: { into: Float64Array; count: number }): void {
  const flags = reader.u8();
  const exponent = flags & 0x0f;
  if (flags > (secondOrder | exponentMax) || exponent > exponentMax) {
    throw reader.fault("whole numbers of unknown form");
  }
  const unit = powers[exponent];
  const isSecond = (flags & secondOrder) !== 0;
  let value = unzigzag(reader.varint());
  let step = 0;
  into[0] = value;
  for (let i = 1; i < count; i++) {
    const coded = unzigzag(reader.varint());
    step = isSecond ? step + coded : coded;
    value += step * unit;
    into[i] = value;
  }
}

function zigzag(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value;
}

function unzigzag(coded: number): number {
  const half = Math.floor(coded / 2);
  return half * 2 === coded ? half : -half - 1;
}

/** Divides all steps by the largest power of ten that leaves them whole; returns its exponent. */
function divideByUnit(steps: Float64Array, count: number): number {
  let exponent = 0;
  let first = 1;
  while (first < count && steps[first] === 0) first++;
  if (first === count) return 0;
  while (exponent < exponentMax && isMultiple(steps[first], powers[exponent + 1])) exponent++;
  for (let i = first + 1; i < count && exponent > 0; i++) {
    while (exponent > 0 && !isMultiple(steps[i], powers[exponent])) exponent--;
  }
  if (exponent === 0) return 0;
  const unit = powers[exponent];
  for (let i = first; i < count; i++) steps[i] /= unit;
  return exponent;
}

function isMultiple(value: number, unit: number): boolean {
  // Below 2^53 a remainder is too large to be lost in the rounding of the quotient.
  const quotient = value / unit;
  return quotient === Math.floor(quotient);
}

/** Length of a step's zig-zag varint. */
function stepBytes(step: number): number {
  const size = step < 0 ? -step : step + 1;
  if (size <= 2 ** 6) return 1;
  if (size <= 2 ** 13) return 2;
  if (size <= 2 ** 20) return 3;
  if (size <= 2 ** 27) return 4;
  if (size <= 2 ** 34) return 5;
  if (size <= 2 ** 41) return 6;
  return size <= 2 ** 48 ? 7 : 8;
}
