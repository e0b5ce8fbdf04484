import { deepStrictEqual, equal, throws } from "node:assert/strict";
import fc from "fast-check";
import { ByteReader, ByteWriter, utf8Bytes, varintBytes } from "./bytes.ts";

function readerOf(writer: ByteWriter): ByteReader {
  return new ByteReader(writer.copy(), { code: "bad_record", subject: "test" });
}

Deno.test("varints up to 2^53 - 1 come back, in the length that was told", () => {
  fc.assert(
    fc.property(fc.oneof(fc.maxSafeNat(), fc.nat(), fc.constantFrom(127, 128, 2 ** 31, 2 ** 31 - 1)), (value) => {
      const writer = new ByteWriter(1);
      writer.varint(value);
      equal(writer.length, varintBytes(value));
      equal(readerOf(writer).varint(), value);
    }),
  );
});

Deno.test("numbers and texts come back in their order", () => {
  fc.assert(
    fc.property(
      fc.double(),
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      fc.string({ unit: "binary" }),
      (f64, i64, text) => {
        const writer = new ByteWriter(1);
        writer.u8(7);
        writer.u32(0xdeadbeef);
        writer.f64(f64);
        writer.i64(i64);
        writer.text(text);
        writer.hex("00ff1a");
        const reader = readerOf(writer);
        deepStrictEqual([reader.u8(), reader.u32(), reader.f64(), reader.i64(), reader.text()], [
          7,
          0xdeadbeef,
          f64,
          i64,
          text,
        ]);
        deepStrictEqual(reader.take(3), Uint8Array.of(0, 255, 0x1a));
        reader.end();
      },
    ),
  );
});

Deno.test("the length of a text in UTF-8 is known beforehand, lone surrogates included", () => {
  const halves = fc.string({ unit: fc.constantFrom("a", "é", "€", "\ud83d", "\ude00", "😀") });
  fc.assert(fc.property(halves, (text) => equal(utf8Bytes(text), new TextEncoder().encode(text).length)));
});

Deno.test("what is not there, too large, too long or not UTF-8 is a fault of the reader's code", () => {
  const reader = (...bytes: number[]) =>
    new ByteReader(Uint8Array.of(...bytes), { code: "bad_shape", subject: "thing" });
  const faults: [() => unknown, RegExp][] = [
    [() => reader(1, 2, 3).u32(), /^Cannot read thing at byte 0 of 3: wanted 4 bytes, there are 3$/],
    [() => reader().u8(), /wanted 1 bytes/],
    [() => reader(0x80).varint(), /wanted 1 bytes/],
    [() => reader(...new Array(8).fill(0xff)).varint(), /beyond 2\^53 - 1/],
    [() => reader(9).count(8, "fields"), /9 fields, at most 8 can be/],
    [() => reader(2, 0xff, 0xff).text(), /not UTF-8/],
    [() => reader(200, 1, 65).text(), /wanted 200 bytes/],
    [() => reader(1).end(), /1 bytes too many/],
  ];
  for (const [read, message] of faults) throws(read, { name: "Fault", code: "bad_shape", message });
});
