import { equal } from "node:assert/strict";
import fc from "fast-check";
import { crc32c, crc32cOfWords } from "./crc32c.ts";

Deno.test("crc32c gives the vectors of RFC 3720 appendix B.4", () => {
  const rising = Uint8Array.from({ length: 32 }, (_, i) => i);
  const readCommand = Uint8Array.fromHex(
    "01c000000000000000000000000000001400000000000400000000140000001828000000000000000200000000000000",
  );
  equal(crc32c(new Uint8Array(32)), 0x8a9136aa);
  equal(crc32c(new Uint8Array(32).fill(0xff)), 0x62a8ab43);
  equal(crc32c(rising), 0x46dd794e);
  equal(crc32c(rising.toReversed()), 0x113fdb5c);
  equal(crc32c(readCommand), 0xd9963a56);
  equal(crc32c(new TextEncoder().encode("123456789")), 0xe3069283);
  equal(crc32c(new Uint8Array(0)), 0);
});

Deno.test("crc32c of a text cut anywhere goes on from the seed, and agrees with the bit-by-bit definition", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(100), (bytes, cut) => {
    equal(crc32c(bytes.subarray(cut), crc32c(bytes.subarray(0, cut))), crc32c(bytes));
    equal(crc32c(bytes), bitByBit(bytes));
  }));
});

Deno.test("crc32c of two words is that of their eight bytes", () => {
  const word = fc.nat(0xffffffff);
  fc.assert(fc.property(word, word, word, (low, high, seed) => {
    const bytes = new Uint8Array(8);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, low, true);
    view.setUint32(4, high, true);
    equal(crc32cOfWords(low, high, seed), crc32c(bytes, seed));
  }));
});

function bitByBit(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  return ~crc >>> 0;
}
