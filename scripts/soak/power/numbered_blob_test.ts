import { deepStrictEqual as equal } from "node:assert/strict";
import { blobNumberOf, numberedBlob } from "./numbered_blob.ts";

Deno.test("bytes tell their number, whatever their length", () => {
  for (const length of [0, 8, 9, 39, 40, 41, 1000]) {
    equal([blobNumberOf(numberedBlob(77, length)), numberedBlob(77, length).length], [77, Math.max(8, length)]);
  }
});

Deno.test("bytes that were changed or cut below their head have no number", () => {
  const blob = numberedBlob(77, 100);
  for (let at = 0; at < blob.length; at++) equal(blobNumberOf(blob.with(at, blob[at] ^ 1)), NaN);
  equal([blobNumberOf(blob.subarray(0, 7)), blobNumberOf(new Uint8Array(100))], [NaN, NaN]);
});
