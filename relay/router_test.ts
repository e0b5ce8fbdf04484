import { deepEqual, equal, ok, throws } from "node:assert/strict";
import fc from "fast-check";
import { type BundleItem, readBundle } from "#proto/bundle.ts";
import { parseRelayName, parseVehicleId } from "#proto/ids.ts";
import { bundleBytesMax } from "#proto/limits.ts";
import { bundleIntervalMs, bundleTargetBytes } from "./limits.ts";
import { Router } from "./router.ts";

const header = {
  vehicle: parseVehicleId("drone-001"),
  relay: parseRelayName("relay-1"),
  shard: 0,
  sessionSecret: new Uint8Array(16),
  receivedAtNs: 1n,
};
const batch = (bytes: number, fill = 0): BundleItem => ({
  kind: "batch",
  header,
  batch: new Uint8Array(bytes).fill(fill),
});
const shape: BundleItem = { kind: "shape", definition: new Uint8Array([1, 2, 3]) };
const live = { lane: "live", partition: 3 } as const;

Deno.test("the first batch after a pause goes at once, the next ones together when the row is due again", () => {
  const router = new Router<number>();
  router.add(live, batch(100), 1);
  deepEqual(router.poll(0).map(({ parts }) => parts), [[1]]);
  router.add(live, batch(100), 2);
  router.add(live, batch(100), 3);
  deepEqual(router.poll(1), []);
  equal(router.dueAtMs(), bundleIntervalMs);
  deepEqual(router.poll(bundleIntervalMs).map(({ parts }) => parts), [[2, 3]]);
  equal(router.dueAtMs(), undefined);
  equal(router.bytes, 0);
});

Deno.test("rows do not wait for each other", () => {
  const router = new Router<number>();
  router.add(live, batch(10), 1);
  router.poll(0);
  router.add(live, batch(10), 2);
  router.add({ lane: "backfill", partition: 3 }, batch(10), 3);
  router.add({ lane: "live", partition: 4 }, batch(10), 4);
  deepEqual(router.poll(1).map(({ lane, partition, parts }) => [lane, partition, parts]), [
    ["backfill", 3, [3]],
    ["live", 4, [4]],
  ]);
});

Deno.test("a full bundle goes without waiting", () => {
  const router = new Router<number>();
  router.add(live, batch(10), 0);
  router.poll(0);
  for (let part = 1; part <= 3; part++) router.add(live, batch(bundleTargetBytes / 2 - 200), part);
  deepEqual(router.poll(1).map(({ parts }) => parts), [[1, 2]]);
});

Deno.test("a large batch goes at once, with the shape and the small batches that wait before it", () => {
  const router = new Router<number>();
  router.add(live, batch(10), 0);
  router.poll(0);
  router.add(live, shape);
  router.add(live, batch(10), 1);
  router.add(live, batch(bundleTargetBytes / 2 + 1), 2);
  const bundles = router.poll(1);
  deepEqual(bundles.map(({ parts }) => parts), [[1, 2]]);
  deepEqual(readBundle(bundles[0].bytes).map(({ kind }) => kind), ["shape", "batch", "batch"]);
  equal(router.bytes, 0);
});

Deno.test("an item's bytes may change after it was added", () => {
  for (const size of [10, bundleTargetBytes / 2 + 1]) {
    const router = new Router<number>();
    const bytes = new Uint8Array(size).fill(1);
    router.add(live, { kind: "batch", header, batch: bytes }, 1);
    bytes.fill(2);
    const [item] = readBundle(router.poll(0)[0].bytes);
    equal(item.kind === "batch" && item.batch.every((byte) => byte === 1), true);
  }
});

Deno.test("a shape waits for its batch and stands before it", () => {
  const router = new Router<number>();
  router.add(live, shape);
  deepEqual([router.poll(100), router.dueAtMs()], [[], undefined]);
  router.add(live, batch(10), 1);
  const [bundle] = router.poll(100);
  deepEqual(readBundle(bundle.bytes).map(({ kind }) => kind), ["shape", "batch"]);
  router.add(live, shape);
  equal(router.poll(100, { all: true }).length, 1);
});

Deno.test("an item that fits into no bundle is a broken promise", () => {
  throws(() => new Router<number>().add(live, batch(bundleBytesMax), 1), { name: "AssertionError" });
});

Deno.test("nothing is lost, doubled, reordered within a row, or packed over the limit", () => {
  const item = fc.record({
    lane: fc.constantFrom("live" as const, "backfill" as const),
    partition: fc.nat(2),
    size: fc.nat(66_000),
  });
  fc.assert(
    fc.property(
      fc.array(item, { maxLength: 40 }),
      fc.array(fc.nat(30), { minLength: 40, maxLength: 40 }),
      (items, waits) => {
        const router = new Router<number>();
        const got: { part: number; row: string }[] = [];
        let nowMs = 0;
        const take = (all: boolean) => {
          for (const { lane, partition, bytes, parts } of router.poll(nowMs, { all })) {
            ok(bytes.byteLength <= bundleBytesMax);
            equal(readBundle(bytes).length, parts.length);
            got.push(...parts.map((part) => ({ part, row: `${lane} ${partition}` })));
          }
        };
        for (const [part, { lane, partition, size }] of items.entries()) {
          router.add({ lane, partition }, batch(size), part);
          nowMs += waits[part];
          take(false);
        }
        take(true);
        equal(router.bytes, 0);
        deepEqual(
          got.map(({ part }) => part).sort((a, b) => a - b),
          items.map((_, part) => part),
        );
        for (const row of new Set(got.map((one) => one.row))) {
          const parts = got.filter((one) => one.row === row).map(({ part }) => part);
          deepEqual(parts, parts.toSorted((a, b) => a - b));
        }
      },
    ),
    { numRuns: 50 },
  );
});
