import { deepStrictEqual, equal, throws } from "node:assert/strict";
import fc from "fast-check";
import { isClassNumber } from "../class.ts";
import { parseEpoch } from "../ids.ts";
import { batchBytesMax, batchRecordsMax, batchUnpackedBytesMax } from "../limits.ts";
import { type BatchHeader, batchHeaderBytes, isBatchIntact, readBatchHeader, writeBatchHeader } from "./header.ts";

const good: BatchHeader = {
  version: 1,
  class: 1,
  compression: "zstd",
  epoch: parseEpoch(2n ** 63n - 1n),
  clockOffsetNs: -(2n ** 63n),
  first: 2 ** 53 - 10,
  last: 2 ** 53 - 1,
  count: 10,
  bodyBytes: 100,
  unpackedBytes: batchUnpackedBytesMax,
};

function written(header: BatchHeader, body = header.bodyBytes): Uint8Array {
  const batch = new Uint8Array(batchHeaderBytes + body);
  writeBatchHeader(batch, header);
  return batch;
}

Deno.test("a header is read as it was written", () => {
  const count = fc.integer({ min: 1, max: batchRecordsMax });
  fc.assert(
    fc.property(
      count,
      fc.integer({ min: 1, max: 2 ** 40 }),
      fc.nat(3),
      fc.nat(1000),
      (records, first, number, bytes) => {
        const counts = { first, last: first + records - 1, count: records, bodyBytes: bytes, unpackedBytes: bytes };
        const header = { ...good, ...counts, class: isClassNumber(number) ? number : 0, compression: "none" as const };
        deepStrictEqual(readBatchHeader(written(header)), header);
      },
    ),
  );
  deepStrictEqual(readBatchHeader(written(good)), good);
});

Deno.test("headers that contradict themselves, the batch or a limit are refused", () => {
  const cases: Partial<BatchHeader>[] = [
    { count: 9 },
    { first: 0, last: 9 },
    { first: 5, last: 4, count: 0 },
    { first: 1, last: batchRecordsMax + 1, count: batchRecordsMax + 1 },
    { bodyBytes: 99 },
    { unpackedBytes: batchUnpackedBytesMax + 1 },
    { compression: "none" },
  ];
  for (const wrong of cases) {
    throws(
      () => readBatchHeader(written({ ...good, ...wrong }, 100)),
      { name: "Fault", code: "bad_batch" },
      JSON.stringify(Object.keys(wrong)),
    );
  }
  const large = { ...good, bodyBytes: batchBytesMax + 1 };
  throws(() => readBatchHeader(written(large)), { code: "bad_batch", message: /at most 65536/ });
});

Deno.test("an unknown version, class, compression, epoch or reserved byte is refused", () => {
  for (const [at, byte] of [[0, 2], [0, 0], [1, 4], [2, 2], [3, 1], [11, 0xff]]) {
    const batch = written(good);
    batch[at] = byte;
    throws(() => readBatchHeader(batch), { code: "bad_batch" }, `byte ${at}`);
  }
  const noEpoch = written(good).fill(0, 4, 12);
  throws(() => readBatchHeader(noEpoch), { code: "bad_batch", message: /epoch/ });
});

Deno.test("the CRC covers the header and the body", () => {
  const batch = written(good);
  equal(isBatchIntact(batch), true);
  for (let at = 0; at < batch.length; at++) {
    batch[at] ^= 0x10;
    equal(isBatchIntact(batch), false, `byte ${at}`);
    batch[at] ^= 0x10;
  }
});
