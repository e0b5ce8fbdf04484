import assert from "node:assert/strict";
import { Fault } from "#proto/errors.ts";
import { formatRanges } from "#proto/ranges.ts";
import { VirtualClock } from "#proto/testing/clock.ts";
import { seededRandom } from "#proto/testing/random.ts";
import { openDisk } from "../io/disk.ts";
import { openRing } from "./ring.ts";
import {
  fill,
  frame,
  namedPlaces,
  numberOf,
  numbersOn,
  openSmall,
  rejection,
  silent,
  smallRingBytes,
  virtualDisk,
} from "./testing/rig.ts";

const KiB = 1024;

Deno.test("old epochs stay readable run by run, within the bytes asked for", async () => {
  const disk = virtualDisk();
  const first = await openSmall(disk);
  await fill(first, { class: "normal", from: 1, to: 60, bytes: 300 });
  const ring = await openSmall(disk.kill(), { seed: 2 });
  const on = ring.onBoard().find((on) => on.epoch === first.epoch && on.class === "normal");
  assert.equal(formatRanges(on?.held ?? []), "1-60");
  const run = await ring.read({ epoch: first.epoch, class: "normal", first: 7, last: 60, bytesMax: 1000 });
  assert.deepEqual(run.map(numberOf), [7, 8, 9]);
  const one = await ring.read({ epoch: first.epoch, class: "normal", first: 7, last: 60, bytesMax: 1 });
  assert.deepEqual(one.map(({ seq }) => seq), [7]);
  assert.deepEqual(await ring.read({ epoch: first.epoch, class: "normal", first: 61, last: 70, bytesMax: 1 }), []);
  assert.deepEqual((await numbersOn(ring)).length, 60);
  await ring.close();
});

Deno.test("recent records come from memory, not from the disk", async () => {
  const disk = virtualDisk();
  const ring = await openSmall(disk);
  await fill(ring, { class: "normal", from: 1, to: 20, bytes: 100 });
  const calls = disk.calls;
  const run = await ring.read({ epoch: ring.epoch, class: "normal", first: 5, last: 9, bytesMax: 10_000 });
  assert.deepEqual(run.map(numberOf), [5, 6, 7, 8, 9]);
  assert.equal(disk.calls, calls);
  await ring.close();
});

Deno.test("records that cannot be taken are refused alone: too large, none, closed", async () => {
  const ring = await openSmall(virtualDisk());
  assert.equal(await rejection(ring.append("normal", [frame(1), frame(2, 9000)])), "too_large");
  assert.equal(await rejection(ring.append("normal", [])), "bad_frame");
  assert.deepEqual((await ring.append("normal", [frame(3)])).first, 1);
  await ring.close();
  assert.equal(await rejection(ring.append("normal", [frame(4)])), "unavailable");
});

Deno.test("a stalled disk lets only so much wait", async () => {
  const disk = virtualDisk();
  const ring = await openSmall(disk);
  const gate = Promise.withResolvers<void>();
  disk.onCall = ({ verb }) => verb === "sync" ? gate.promise : undefined;
  const frames = Array.from({ length: 1000 }, (_, i) => frame(i, 4000));
  const waiting = Array.from({ length: 6 }, () => ring.append("bulk", frames).catch((fault: Fault) => fault.code));
  assert.equal(await rejection(ring.append("normal", [frame(1)])), "unavailable");
  gate.resolve();
  await Promise.all(waiting);
  await ring.close();
});

Deno.test("on a real directory a ring keeps its records over a restart, and nobody else may open it meanwhile", async () => {
  const path = await Deno.makeTempDir({ prefix: "systemscale-ring-" });
  try {
    const options = {
      clock: new VirtualClock(),
      log: silent,
      boot: new Uint8Array(16),
      clockSynchronized: true,
    } as const;
    const rest = { ...options, bytesMax: smallRingBytes, segmentBytes: 8 * KiB, whenFull: "overwrite" } as const;
    const first = await openRing({ ...rest, disk: await openDisk(path), random: seededRandom(1) });
    await fill(first, { class: "normal", from: 1, to: 200, bytes: 300 });
    assert.equal(await rejection(openDisk(path)), "ring_in_use");
    await first.close();
    const ring = await openRing({ ...rest, disk: await openDisk(path), random: seededRandom(2) });
    const [kept, named] = [await numbersOn(ring), await namedPlaces(ring)];
    assert.ok(kept.includes(200));
    for (let seq = 1; seq <= 200; seq++) assert.ok(kept.includes(seq) !== named.has(`normal ${seq}`), `seq ${seq}`);
    await ring.close();
  } finally {
    await Deno.remove(path, { recursive: true });
  }
});

Deno.test("figures tell the fill, what a verdict gives back, and the hours of cover", async () => {
  const clock = new VirtualClock();
  const disk = virtualDisk();
  const options = { disk, clock, random: seededRandom(1), log: silent, boot: new Uint8Array(16) };
  const ring = await openRing({ ...options, bytesMax: 4096 * KiB, whenFull: "overwrite", clockSynchronized: true });
  for (let second = 0; second < 60; second++) {
    await ring.append("normal", [frame(second, 1000)]);
    await clock.advance(1000);
  }
  const stats = ring.stats();
  assert.ok(stats.bytesUsed <= stats.bytesMax && stats.bytesUsed >= disk.usedBytes);
  assert.ok(Math.abs(stats.appendBytesPerSecond - 1030) < 50, `${stats.appendBytesPerSecond} bytes a second`);
  assert.equal(stats.bytesReclaimable, 0);
  assert.ok(stats.coverMs !== undefined && stats.coverMs > 2_000_000);
  ring.settle(ring.epoch, "normal", [{ first: 1, last: 60 }]);
  assert.ok(ring.stats().bytesReclaimable > 0);
  await ring.close();
});
