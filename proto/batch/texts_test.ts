import { deepStrictEqual, ok, throws } from "node:assert/strict";
import fc from "fast-check";
import { ByteReader, ByteWriter } from "../bytes.ts";
import { NumberReader } from "./number_reader.ts";
import { NumberWriter } from "./number_writer.ts";
import { readTexts, writeTexts } from "./texts.ts";

function written(texts: readonly string[]): Uint8Array {
  const out = new ByteWriter(1);
  writeTexts(texts, { out, numbers: new NumberWriter() });
  return out.copy();
}

function read(bytes: Uint8Array, count: number): string[] {
  const reader = new ByteReader(bytes, { code: "bad_batch", subject: "test" });
  const texts = readTexts(count, { reader, numbers: new NumberReader(reader) });
  reader.end();
  return texts;
}

Deno.test("any texts come back, lone surrogates as U+FFFD even where two halves would meet", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "é", "\ud83d", "\ude00", "😀", "\ufeff"), maxLength: 4 });
  fc.assert(
    fc.property(fc.array(text, { minLength: 1, maxLength: 12 }), (texts) => {
      deepStrictEqual(read(written(texts), texts.length), texts.map((each) => each.toWellFormed()));
    }),
    { numRuns: 500 },
  );
});

Deno.test("repeated texts are written once", () => {
  ok(written(new Array<string>(500).fill("armed and ready")).length < 40);
});

Deno.test("texts that are not what they say are refused", () => {
  // Counts, lengths (form whole) and bytes by hand: see the head of texts.ts.
  const cases: [bytes: number[], count: number][] = [
    [[0, 0, 0, 0, 0], 1],
    [[3, 0, 0, 2, 2, 97, 98], 2],
    [[1, 0, 0, 6, 2, 97, 98], 1],
    [[1, 0, 0, 2, 2, 97, 98], 1],
    [[1, 0, 0, 1, 2, 97, 98], 1],
    [[1, 0, 0, 2, 1, 0xff], 1],
    [[1, 0, 0, 2, 1, 97, 0x20, 0, 2], 2],
  ];
  for (const [bytes, count] of cases) {
    throws(() => read(Uint8Array.from(bytes), count), { code: "bad_batch" }, `${bytes}`);
  }
});
