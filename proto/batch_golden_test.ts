import { deepStrictEqual, equal } from "node:assert/strict";
import { decodeBatch, readBatchHeader, recordsOf } from "./batch.ts";
import { encodeBundle, readBundle } from "./bundle.ts";
import { decodeRecord } from "./record.ts";
import { decodeShape, encodeShape } from "./shape.ts";
import { goldenBundle, goldenRecords, goldenShapes } from "./testing/golden.ts";
import { encodeRecord } from "./testing/record.ts";

// Version 1 was published with these bytes: they are read for ever. Files are never changed; a new version adds new ones.
const folder = new URL("./testdata/v1/", import.meta.url);

function golden(name: string): Uint8Array {
  return Uint8Array.fromHex(Deno.readTextFileSync(new URL(`${name}.hex`, folder)).replaceAll(/\s/g, ""));
}

Deno.test("shapes of version 1 are read and written as published", () => {
  goldenShapes.forEach((shape, at) => {
    deepStrictEqual(decodeShape(golden(`shape_${at}`)), shape);
    deepStrictEqual(encodeShape(shape), golden(`shape_${at}`));
  });
  equal(goldenShapes[0].hash, "9e31d978f3b34539e4e0eb4d7a366630");
});

Deno.test("records of version 1 are read and written as published", () => {
  [0, 1, 2].forEach((at) => {
    const record = goldenRecords[at];
    const shapeNumber = goldenShapes.indexOf(record.shape);
    deepStrictEqual(decodeRecord(golden(`record_${at}`), goldenShapes), record);
    deepStrictEqual(encodeRecord(record, shapeNumber), golden(`record_${at}`));
  });
});

Deno.test("batches of version 1 are read as published, packed and not", () => {
  for (const name of ["batch_plain", "batch_zstd"]) {
    const bytes = golden(name);
    equal(readBatchHeader(bytes).compression, name === "batch_zstd" ? "zstd" : "none");
    const batch = decodeBatch(bytes, (hash) => goldenShapes.find((shape) => shape.hash === hash));
    deepStrictEqual(recordsOf(batch), goldenRecords);
  }
});

Deno.test("bundles of version 1 are read and written as published", () => {
  deepStrictEqual(readBundle(golden("bundle")), goldenBundle);
  deepStrictEqual(encodeBundle(goldenBundle), golden("bundle"));
});
