import { deepStrictEqual, equal, ok, throws } from "node:assert/strict";
import { zstdCompressSync } from "node:zlib";
import { packBody, packedBytesMin, unpackBody } from "./packing.ts";

const repeating = Uint8Array.from({ length: 10_000 }, (_, i) => i % 100);

Deno.test("a body that shrinks is packed and comes back", () => {
  const packed = packBody(repeating);
  ok(packed !== undefined && packed.length < 1000);
  deepStrictEqual(new Uint8Array(unpackBody(packed, repeating.length)), repeating);
});

Deno.test("a small body, or one that does not shrink, is left alone", () => {
  const noise = Uint8Array.from({ length: 10_000 }, (_, i) => Math.imul(i * i + 12345, 2654435761) >>> 13);
  equal(packBody(repeating.subarray(0, packedBytesMin - 1)), undefined);
  equal(packBody(noise), undefined);
});

Deno.test("what unpacks to more, to less, or not at all is refused", () => {
  const bomb = zstdCompressSync(new Uint8Array(100 * 1024 * 1024));
  const packed = zstdCompressSync(repeating);
  throws(() => unpackBody(bomb, 1000), { code: "bad_batch" });
  throws(() => unpackBody(packed, repeating.length - 1), { code: "bad_batch" });
  throws(() => unpackBody(packed, repeating.length + 1), { code: "bad_batch" });
  throws(() => unpackBody(packed.subarray(0, 50), repeating.length), { code: "bad_batch" });
  throws(() => unpackBody(Uint8Array.of(1, 2, 3), 100), { code: "bad_batch" });
  throws(() => unpackBody(new Uint8Array(0), 100), { code: "bad_batch" });
});
