import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { batchHeaderBytes, decodeBatch, readBatchHeader, recordBytes, recordsOf } from "#proto/batch.ts";
import { Fault } from "#proto/errors.ts";
import { type Epoch, parseStream } from "#proto/ids.ts";
import { batchBytesMax } from "#proto/limits.ts";
import { type FrameRecord, makeShape } from "#proto/shape.ts";
import { seededRandom } from "#proto/testing/random.ts";
import type { ReadRequest, Ring } from "../ring/ring.ts";
import type { Run } from "./outbox.ts";
import { Packer } from "./packer.ts";

const epoch = 5n as Epoch;
const shape = makeShape(parseStream("telemetry"), [{ name: "a", type: "f64" }, { name: "note", type: "str" }]);
const random = seededRandom(3);

/** Records that shrink well, and such that do not. */
const even = records(10_000, (seq) => [seq, "steady"]);
const noise = records(10_000, () => [random.fraction(), random.bytes(8).toHex()]);

function records(count: number, values: (seq: number) => (number | string)[]): FrameRecord[] {
  return Array.from(
    { length: count },
    (_, i) => ({ seq: i + 1, ts: BigInt(i) * 1_000_000n, shape, values: values(i + 1) }),
  );
}

function ringOf(held: readonly FrameRecord[]): Pick<Ring, "read" | "clockOffset"> {
  return {
    clockOffset: () => 11n,
    read: ({ first, last, bytesMax }: ReadRequest) => {
      const out: FrameRecord[] = [];
      let bytes = 0;
      for (const record of held.slice(first - 1, last)) {
        bytes += recordBytes(record);
        if (out.length > 0 && bytes > bytesMax) break;
        out.push(record);
      }
      return Promise.resolve(out);
    },
  };
}

function run(first: number, bytesMax = batchBytesMax + batchHeaderBytes): Run {
  return { epoch, class: "normal", first, last: 10_000, bytesMax };
}

Deno.test("a batch carries a prefix of the run, its epoch's offset and its class", async () => {
  const packed = await new Packer(ringOf(even)).pack({ ...run(5), last: 9 });
  ok(packed !== undefined);
  const { first, last, clockOffsetNs, class: className } = readBatchHeader(packed.bytes);
  deepEqual([first, last, clockOffsetNs, className], [5, 9, 11n, 2]);
  deepEqual(recordsOf(decodeBatch(packed.bytes, () => shape)), even.slice(4, 9));
});

Deno.test("batches grow with what shrinks and stay within their limit when data changes its kind", async () => {
  const mixed = [...even.slice(0, 5000), ...noise.slice(5000)];
  const packer = new Packer(ringOf(mixed));
  const counts: number[] = [];
  for (let first = 1; first <= 10_000;) {
    const packed = await packer.pack(run(first));
    ok(packed !== undefined && packed.bytes.byteLength <= batchBytesMax + batchHeaderBytes);
    equal(packed.records[0].seq, first);
    counts.push(packed.records.length);
    first = packed.records[packed.records.length - 1].seq + 1;
  }
  ok(counts[1] > counts[0], counts.join());
});

Deno.test("a small limit makes small batches, of one record at least", async () => {
  const packer = new Packer(ringOf(noise));
  const some = await packer.pack(run(1, 1000));
  ok(some !== undefined && some.records.length > 1 && some.bytes.byteLength <= 1000);
  equal((await packer.pack(run(1, batchHeaderBytes + 1)))?.records.length, 1);
});

Deno.test("nothing is packed of what the ring lost, and its faults are passed on", async () => {
  equal(await new Packer(ringOf([])).pack(run(1)), undefined);
  const failing = { ...ringOf(even), read: () => Promise.reject(new Fault("disk_failed", "Cannot read")) };
  await rejects(new Packer(failing).pack(run(1)), { code: "disk_failed" });
});
