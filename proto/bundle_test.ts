import { deepStrictEqual, equal, ok, throws } from "node:assert/strict";
import fc from "fast-check";
import { bundleHeaderBytes, type BundleItem, bundleItemBytes, encodeBundle, readBundle } from "./bundle.ts";
import { Fault } from "./errors.ts";
import { parseRelayName, parseVehicleId, vehicleIdPattern } from "./ids.ts";
import { bundleBytesMax, shardsMax } from "./limits.ts";

const plain = { noNullPrototype: true } as const;
const content = fc.uint8Array({ maxLength: 300 });
const name = fc.stringMatching(vehicleIdPattern);
const someItem: fc.Arbitrary<BundleItem> = fc.oneof(
  fc.record({ kind: fc.constant("shape" as const), definition: content }, plain),
  fc.record({
    kind: fc.constant("batch" as const),
    header: fc.record({
      vehicle: name.map(parseVehicleId),
      relay: name.map(parseRelayName),
      shard: fc.nat(shardsMax - 1),
      sessionSecret: fc.uint8Array({ minLength: 16, maxLength: 16 }),
      receivedAtNs: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
    }, plain),
    batch: content,
  }, plain),
);

Deno.test("a bundle gives back its items, and is as long as they were said to be", () => {
  fc.assert(fc.property(fc.array(someItem, { maxLength: 5 }), (items) => {
    const bytes = encodeBundle(items);
    deepStrictEqual(readBundle(bytes), items);
    equal(bytes.length, items.reduce((sum, item) => sum + bundleItemBytes(item), bundleHeaderBytes));
  }));
});

Deno.test("a bundle that passes its limit is a broken promise to write, and refused when read", () => {
  const definition = new Uint8Array(bundleBytesMax);
  throws(() => encodeBundle([{ kind: "shape", definition }]), { code: "ERR_ASSERTION" });
  const empty = Array.from({ length: bundleBytesMax / 2 }, () => [1, 0]).flat();
  throws(() => readBundle(Uint8Array.of(1, ...empty)), { code: "bad_batch", message: /at most/ });
});

Deno.test("a vehicle name that is none is refused: it would become a subject and a symbol", () => {
  const good = encodeBundle(
    fc.sample(someItem, { numRuns: 20, seed: 3 }).filter(({ kind }) => kind === "batch").slice(0, 1),
  );
  good[3] = 0x2e;
  throws(() => readBundle(good), { code: "bad_batch", message: /vehicle id/ });
});

Deno.test("hostile bundles are refused with bad_batch, or give items", () => {
  const attempt = (bytes: Uint8Array) => {
    try {
      readBundle(bytes);
    } catch (thrown) {
      ok(thrown instanceof Fault && thrown.code === "bad_batch", String(thrown));
    }
  };
  fc.assert(
    fc.property(
      fc.array(someItem, { maxLength: 3 }),
      fc.uint8Array({ maxLength: 80 }),
      fc.nat(),
      (items, random, bit) => {
        attempt(random);
        attempt(Uint8Array.of(1, 0, ...random));
        const bytes = encodeBundle(items);
        for (let length = 0; length < bytes.length; length++) attempt(bytes.subarray(0, length));
        bytes[(bit >> 3) % bytes.length] ^= 1 << (bit & 7);
        attempt(bytes);
      },
    ),
  );
});
