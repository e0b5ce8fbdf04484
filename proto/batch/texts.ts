/**
 * A column of texts: each different text once, then which row has which.
 *
 *     varint count of different texts | head byte and numbers: their lengths in UTF-16 units
 *     | varint length in bytes | UTF-8 of all of them | unless every row's text is different: head byte and numbers: per row
 *     its text's index
 */
import type { ByteReader, ByteWriter } from "../bytes.ts";
import type { NumberReader } from "./number_reader.ts";
import type { NumberWriter } from "./number_writer.ts";

/** What reading texts takes. */
export interface TextSources {
  readonly reader: ByteReader;
  readonly numbers: NumberReader;
}

/** Writes texts, at least one. */
export function writeTexts(
  texts: readonly string[],
  { out, numbers }: { out: ByteWriter; numbers: NumberWriter },
): void {
  const indexes = new Map<string, number>();
  for (const text of texts) if (!indexes.has(text)) indexes.set(text, indexes.size);
  // Well-formed one by one: two halves of a pair must not meet where texts are joined.
  const different = Array.from(indexes.keys(), (text) => text.toWellFormed());
  out.varint(different.length);
  numbers.reserve(different.length);
  different.forEach((text, i) => numbers.values[i] = text.length);
  numbers.writeAll(out);
  out.text(different.join(""));
  if (different.length === texts.length) return;
  numbers.reserve(texts.length);
  texts.forEach((text, i) => numbers.values[i] = indexes.get(text) ?? 0);
  numbers.writeAll(out);
}

/** Reads `count` texts, at least one. */
export function readTexts(count: number, sources: TextSources): string[] {
  const { reader, numbers } = sources;
  const different = readDifferent(count, sources);
  if (different.length === count) return different;
  const indexes = new Float64Array(count);
  numbers.readAll(indexes, count);
  const texts: string[] = [];
  for (const index of indexes) {
    const text = different[index];
    if (text === undefined) throw reader.fault(`text number ${index} of ${different.length}`);
    texts.push(text);
  }
  return texts;
}

function readDifferent(max: number, { reader, numbers }: TextSources): string[] {
  const count = reader.count(max, "different texts");
  if (count === 0) throw reader.fault("rows of text without a text");
  const lengths = new Float64Array(count);
  numbers.readAll(lengths, count);
  const joined = reader.text();
  const texts: string[] = [];
  let at = 0;
  for (const length of lengths) {
    const end = at + length;
    if (!Number.isInteger(length) || length < 0 || end > joined.length) {
      throw reader.fault("text that ends outside of all");
    }
    texts.push(joined.slice(at, end));
    at = end;
  }
  if (at !== joined.length) throw reader.fault("text that belongs to no row");
  return texts;
}
