/** Reads columns of arrays of numbers, as `column_forms.ts` describes. Any bytes are safe. */
import type { ByteReader } from "../bytes.ts";
import { arrayLengthMax } from "../limits.ts";
import type { Arena } from "./arena.ts";
import type { NumberReader } from "./number_reader.ts";

/** What reading arrays takes. */
export interface ArraySources {
  readonly reader: ByteReader;
  readonly numbers: NumberReader;
  readonly arena: Arena;
  /** Takes values from a budget before memory is asked for; throws when it is used up. */
  readonly spend: (values: number) => void;
}

/** Reads `count` arrays, at least one: views of one piece of memory. */
export function readArrays(sources: ArraySources, count: number): Float64Array[] {
  const form = sources.reader.count(1 + arrayLengthMax, "elements");
  return form === 0 ? readJoined(sources, count) : readTransposed(sources, { count, length: form - 1 });
}

function readTransposed(
  { numbers, arena, spend }: ArraySources,
  { count, length }: { count: number; length: number },
): Float64Array[] {
  spend(count * length);
  const elements = arena.doubles(count * length);
  const room = numbers.room(count);
  for (let place = 0; place < length; place++) {
    numbers.readAll(room, count);
    for (let i = 0, at = place; i < count; i++, at += length) elements[at] = room[i];
  }
  const arrays: Float64Array[] = [];
  const { buffer, byteOffset } = elements;
  for (let i = 0; i < count; i++) arrays.push(new Float64Array(buffer, byteOffset + 8 * length * i, length));
  return arrays;
}

function readJoined({ reader, numbers, arena, spend }: ArraySources, count: number): Float64Array[] {
  const lengths = arena.doubles(count);
  numbers.readAll(lengths, count);
  let total = 0;
  for (const length of lengths) {
    if (!Number.isInteger(length) || length < 0 || length > arrayLengthMax) {
      throw reader.fault(`array of ${length} elements, at most ${arrayLengthMax} can be`);
    }
    total += length;
  }
  spend(total);
  const elements = arena.doubles(total);
  if (total > 0) numbers.readAll(elements, total);
  const arrays: Float64Array[] = [];
  let at = elements.byteOffset;
  for (const length of lengths) {
    arrays.push(new Float64Array(elements.buffer, at, length));
    at += 8 * length;
  }
  return arrays;
}
